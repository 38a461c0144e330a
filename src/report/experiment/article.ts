import {
  type ClaimOutcome,
  EXPERIMENT_MEASURES,
  type ExperimentMeasure,
  type ExperimentResult,
  formatMeasureDifference,
  formatMeasureInterval,
  formatShareInterval,
  type GainOutcome,
  MEASURE_LABELS,
  shownMeasures,
} from '../../result/index.ts';
import type { Article } from '../article.ts';
import { type Html, html, unbroken } from '../html.ts';
import { figures } from '../sections/figure.ts';
import { scenarioAsResolved } from '../sections/ground.ts';
import { bullets, facts, section, type TableCell, table } from '../sections/markup.ts';
import { choiceMaps } from './choice-maps.ts';
import { dropCurves, lossCurves } from './curves.ts';

/** The page of an experiment: what was claimed, what the seeds say of it, and every number that this rests on. */
export function experimentArticle(result: ExperimentResult, key: string): Article {
  const { name, question, seeds, claims, gains, scenario } = result;
  const charts = [lossCurves(result), dropCurves(result), choiceMaps(result)].flatMap((spec) =>
    spec === null ? [] : [[`${key}-${spec.id}`, spec] as const],
  );
  const contents: [string, string][] = [
    ...(claims.length === 0 ? [] : ([[`${key}-claims`, 'Claims']] as [string, string][])),
    ...(gains.length === 0 ? [] : ([[`${key}-gains`, 'Gains that are kept']] as [string, string][])),
    [`${key}-variants`, 'Variants'],
    [`${key}-curves`, 'Curves'],
    [`${key}-ground`, 'What it rests on'],
    [`${key}-provenance`, 'Provenance'],
    [`${key}-scenario`, 'Scenario'],
  ];
  const body = html`<header><p class="eyebrow"><b>Switchyard</b> · simulated TPU pod · experiment · ${name}</p>
<h1>${question}</h1><p class="answer">${{ html: unbroken(answer(result).html) }}</p>
<nav class="contents" aria-label="Contents">${contents.map(([id, label]) => html`<a href="#${id}">${label}</a>`)}</nav></header>
${claims.length === 0 ? null : section(`${key}-claims`, 'Claims', claimTable(claims), html`<p>A difference is that of two variants seed by seed. One that is smaller than its 95 % interval is not seen at this size; one that is larger, and the other way round, contradicts the claim.</p>`)}
${gains.length === 0 ? null : section(`${key}-gains`, 'Gains that are kept', gainTable(gains))}
${section(`${key}-variants`, 'Variants', variantTable(result), measureWords(result))}
${section(`${key}-curves`, 'Curves', figures(charts))}
${section(
  `${key}-ground`,
  'What it rests on',
  bullets([
    `Every variant learned from the same ${seeds.length} seeds (${seeds.join(', ')}); intervals are Student's, at 95 %, over them. With few seeds they are wide.`,
    `The model is small (${scenario.model.name}), a word is a byte, and runs have ${scenario.learning?.steps ?? 0} steps unless the settings say otherwise: what is not seen here may well be there at the size of the papers.`,
    'Losses, choices and drops are computed on an emulated pod; time is that of the simulated one.',
  ]),
)}
${section(
  `${key}-provenance`,
  'Provenance',
  facts([
    ['Switchyard', result.provenance.version],
    ['Node', result.provenance.node],
    ['Started', result.provenance.startedAt],
    ['Fingerprint', result.fingerprint],
  ]),
)}
${scenarioAsResolved(scenario, key)}`;
  return { title: `${name}, experiment`, body, figures: Object.fromEntries(charts) };
}

/** How many claims were seen, in a sentence. */
function answer({ claims, variants, seeds }: ExperimentResult): Html {
  const runs = `${variants.length} variants, ${seeds.length} seeds each.`;
  if (claims.length === 0) return html`${runs}`;
  const count = (verdict: ClaimOutcome['verdict']): number => claims.filter((claim) => claim.verdict === verdict).length;
  const parts = (['seen', 'not seen at this size', 'contradicted', 'not measured'] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => `${count(verdict)} ${verdict}`);
  return html`Of ${claims.length === 1 ? 'one claim' : `${claims.length} claims`}: <b>${parts.join(', ')}</b>. ${runs}`;
}

const MARKS: Readonly<Record<ClaimOutcome['verdict'], readonly [sign: string, className: string]>> = {
  seen: ['✓', 'better'],
  'not seen at this size': ['~', ''],
  contradicted: ['✗', 'worse'],
  'not measured': ['–', ''],
};

function claimTable(claims: readonly ClaimOutcome[]): Html {
  return table(
    'What was claimed elsewhere, and what the seeds say of it',
    ['Claim', 'Verdict', 'Difference', 'Said in'],
    claims.map(({ variant, than, measure, is, source, difference, verdict }): TableCell[] => [
      `${MEASURE_LABELS[measure]} of “${variant}” is ${is} than of “${than}”`,
      { cell: html`<b>${MARKS[verdict][0]} ${verdict}</b>`, className: `text ${MARKS[verdict][1]}` },
      difference === null ? '–' : formatMeasureDifference(measure, difference),
      source,
    ]),
    [1, 3],
  );
}

function gainTable(gains: readonly GainOutcome[]): Html {
  return table(
    'Share of the gain of one variant over another that a third one keeps',
    ['Gain', 'Kept', 'Said in'],
    gains.map(({ variant, with: best, without, measure, source, kept }): TableCell[] => [
      `“${variant}” of what “${best}” gains over “${without}” in ${MEASURE_LABELS[measure]}`,
      kept === null ? 'no gain is seen at this size' : formatShareInterval(kept),
      source,
    ]),
    [2],
  );
}

function variantTable({ variants, seeds }: ExperimentResult): Html {
  const shown = shownMeasures(variants);
  return table(
    `Means and 95 % intervals over ${seeds.length} seeds`,
    ['Variant', ...shown.map((measure) => MEASURE_LABELS[measure]), 'Settings'],
    variants.map(({ name, measures, settings, runs }) => [
      name,
      ...shown.map((measure) => {
        const row = measures[measure];
        const diverged = runs.filter(({ divergedAt }) => divergedAt !== null).length;
        return row === undefined ? (diverged > 0 ? `${diverged} of ${runs.length} diverged` : '–') : formatMeasureInterval(measure, row);
      }),
      Object.entries(settings)
        .map(([path, value]) => `${path}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(', ') || 'as the scenario',
    ]),
    [shown.length + 1],
  );
}

function measureWords({ variants }: ExperimentResult): Html {
  const words = (measure: ExperimentMeasure): [string, string] => [MEASURE_LABELS[measure], EXPERIMENT_MEASURES[measure]];
  return facts(shownMeasures(variants).map(words));
}

import {
  bitsOf,
  formatLoss,
  formatNumber,
  formatSeconds,
  formatShare,
  type TrainingFigures,
  type TrainingResult,
  trainingFigures,
} from '../../result/index.ts';
import type { Article } from '../article.ts';
import type { ChartSpec } from '../chart-spec.ts';
import { type Html, html, unbroken } from '../html.ts';
import { figures } from '../sections/figure.ts';
import { provenance, scenarioAsResolved, warnings } from '../sections/ground.ts';
import { section } from '../sections/markup.ts';
import { textMaps, usageMaps } from './expert-maps.ts';
import { lossCurves, textCurves } from './loss-curves.ts';
import { bytesSection, groundSection, layoutWords, skippedSection, textsSection, trainingTiles } from './sections.ts';
import { dropCurves, routerLossCurves, stepTimes } from './step-curves.ts';

/** The page of a training run: what was learned, how, by which experts, and whether the bytes are those that time was simulated for. */
export function trainingArticle(result: TrainingResult, key: string): Article {
  const found = trainingFigures(result);
  const keyed = (charts: readonly (ChartSpec | null)[]) =>
    charts.flatMap((spec) => (spec === null ? [] : [[`${key}-${spec.id}`, spec] as const]));
  const learning = keyed([lossCurves(result), textCurves(result), dropCurves(result), ...routerLossCurves(result), stepTimes(result)]);
  const experts = keyed([usageMaps(result), textMaps(result)]);
  const contents: [string, string][] = [
    [`${key}-numbers`, 'Numbers'],
    ...(learning.length === 0 ? [] : ([[`${key}-learning`, 'Learning']] as [string, string][])),
    ...(experts.length === 0 ? [] : ([[`${key}-experts`, 'Experts']] as [string, string][])),
    [`${key}-texts`, 'Texts'],
    [`${key}-bytes`, found.differing === 0 ? 'Bytes' : `Bytes (${found.differing} differ)`],
    [`${key}-skipped`, count('Skipped steps', result.skippedBatches)],
    [`${key}-warnings`, count('Warnings', result.warnings)],
    [`${key}-assumptions`, 'What it rests on'],
    [`${key}-provenance`, 'Provenance'],
    [`${key}-scenario`, 'Scenario'],
  ];
  const { scenario } = result;
  const body = html`<header><p class="eyebrow"><b>Switchyard</b> · simulated TPU pod · training · ${scenario.name}</p>
<h1>${scenario.question === '' ? scenario.name : scenario.question}</h1><p class="answer">${{ html: unbroken(answer(result, found).html) }}</p>
<nav class="contents" aria-label="Contents">${contents.map(([id, label]) => html`<a href="#${id}">${label}</a>`)}</nav></header>
${section(`${key}-numbers`, 'Numbers', trainingTiles(result, found, key))}
${learning.length === 0 ? null : section(`${key}-learning`, 'Learning', figures(learning))}
${experts.length === 0 ? null : section(`${key}-experts`, 'Experts', figures(experts))}
${textsSection(result, found, key)}
${bytesSection(found, key)}
${skippedSection(result, key)}
${warnings(result.warnings, key)}
${groundSection(result, key)}
${provenance(result.provenance, result.fingerprint, [scenario.seed], key)}
${scenarioAsResolved(scenario, key)}`;
  return { title: `${scenario.name}, training`, body, figures: Object.fromEntries([...learning, ...experts]) };
}

function count(title: string, list: readonly unknown[]): string {
  return list.length === 0 ? title : `${title} (${list.length})`;
}

/** How well text is foreseen that was never learned from, what was dropped, and what the pod and this machine took. */
function answer(result: TrainingResult, { steps, lastEvaluation, lateDropRate, simulatedSeconds }: TrainingFigures): Html {
  const { scenario, cores, slice, shrunkFrom, texts, provenance: from, layers, crossEntropies } = result;
  const on = `${formatNumber(cores)} core${cores === 1 ? '' : 's'} of ${scenario.topology.chip} (${slice}, ${layoutWords(result)})`;
  const shrunk = shrunkFrom === null ? '' : `; the scenario has ${shrunkFrom}`;
  const loss =
    lastEvaluation === null
      ? html`the loss of a batch is <b>${formatLoss(crossEntropies.at(-1) ?? Number.NaN)} nats a byte</b>`
      : html`the loss on text that it never learned from is <b>${formatLoss(lastEvaluation.crossEntropy)} nats or ${formatLoss(bitsOf(lastEvaluation.crossEntropy))} bits a byte</b>`;
  const dropped =
    layers.length === 0 ? null : html` Over the last tenth of the run <b>${formatShare(lateDropRate)}</b> of the choices found no slot.`;
  return html`After ${steps === 1 ? 'one step' : `${formatNumber(steps)} steps`} of ${scenario.model.name} on ${listed(texts.map(({ name }) => name))}, ${loss}.${dropped} On ${on}${shrunk} that takes <b>${formatSeconds(simulatedSeconds)}</b> of simulated time; the emulation took ${formatSeconds(from.wallSeconds)}.`;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}

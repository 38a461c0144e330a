import { gibibytes } from '../../base/index.ts';
import { chipCount } from '../../hardware/index.ts';
import { meshDevices } from '../../layout/index.ts';
import { formatNumber, formatShare, formatValue, type Metric, type MetricName, type Result, utilisationNote } from '../../result/index.ts';
import { STEP_WORDS } from '../../scenario/index.ts';
import { doesNotFit } from '../../study/index.ts';
import { type Html, html, unbroken } from '../html.ts';
import { formatMetric, metricOf } from '../metric-text.ts';
import type { ColourRole } from '../palette.ts';

/** The question, and the answer in one sentence: how long, on what, and what holds it up. */
export function headline(result: Result): Html {
  return html`<h1>${result.scenario.question === '' ? result.scenario.name : result.scenario.question}</h1>
<p class="answer">${{ html: unbroken(answer(result).html) }}</p>
${split(result)}`;
}

/** `16 chips of tpu-v3 (4x4, open), 32 cores`. */
export function hardwareWords(result: Pick<Result, 'scenario'>): string {
  const { topology, layout } = result.scenario;
  const chips = chipCount(topology.shape) * topology.slices;
  const devices = meshDevices(layout);
  const wrapped = topology.wrap.every(Boolean) ? 'wrapped' : topology.wrap.some(Boolean) ? 'partly wrapped' : 'open';
  const slices = topology.slices === 1 ? '' : `${topology.slices} slices of `;
  return `${chips} ${topology.chip} chips (${slices}${topology.shape.join('×')}, ${wrapped}; ${devices} devices)`;
}

function answer(result: Result): Html {
  const step = metricOf(result.metrics, 'stepSeconds')?.value ?? Number.NaN;
  const largest = largestPart(result);
  const rate = metricOf(result.metrics, 'examplesPerSecond');
  const mfu = metricOf(result.metrics, 'mfu');
  const peak = utilisationNote(result.scenario.precision);
  const speed =
    rate === undefined || mfu === undefined
      ? ''
      : `, ${formatNumber(rate.value)} examples per second at ${formatShare(mfu.value)} MFU${peak === '' ? '' : ` (${peak})`}`;
  const held =
    largest === null
      ? null
      : html` What holds it up most: <b>${largest.words}</b>, ${formatValue(largest.seconds, 's')} or ${formatShare(largest.seconds / step)} of the step.`;
  const drops = metricOf(result.metrics, 'droppedTokenFraction');
  const dropped =
    drops === undefined || result.scenario.model.moe === null ? '' : ` ${formatShare(drops.value)} of the tokens are dropped.`;
  const unfit = doesNotFit(result.metrics);
  const stepWords = STEP_WORDS[result.scenario.workload.kind];
  const misfit = unfit
    ? html`<b class="unfit">The step does not fit into device memory: it needs ${memoryNeed(result.metrics)}.</b> With enough memory, ${stepWords}`
    : html`${stepWords.charAt(0).toUpperCase()}${stepWords.slice(1)}`;
  return html`${misfit} of ${result.scenario.model.name} ${unfit ? 'would take' : 'takes'} <b>${formatValue(step, 's')}</b> on ${hardwareWords(result)}${speed}.${held}${dropped}`;
}

/** `19.8 GiB of the 16.0 GiB of a device`. */
export function memoryNeed(metrics: readonly Metric[]): string {
  const of = (name: MetricName): string => gibibytes(metricOf(metrics, name)?.value ?? Number.NaN);
  return `${of('hbmPeakBytes')} of the ${of('hbmCapacityBytes')} of a device`;
}

const KIND_WORDS = { compute: 'computing', exposedCommunication: 'exposed communication of', wait: 'waiting in' } as const;

function largestPart(result: Result): { readonly words: string; readonly seconds: number } | null {
  const rows = result.detail.breakdown.map((row) => ({
    words: `${KIND_WORDS[row.kind]} ${row.part}`,
    seconds: row.secondsByStage.reduce((a, b) => a + b, 0),
  }));
  return rows.reduce<(typeof rows)[number] | null>((best, row) => (best === null || row.seconds > best.seconds ? row : best), null);
}

const SPLIT: readonly { readonly name: MetricName; readonly label: string; readonly role: ColourRole }[] = [
  { name: 'computeSeconds', label: 'computing', role: 'compute' },
  { name: 'exposedCommunicationSeconds', label: 'exposed communication', role: 'exposed' },
  { name: 'waitSeconds', label: 'waiting', role: 'wait' },
];

/** The step as one bar: computing, exposed communication, waiting. */
function split(result: Result): Html {
  const parts = SPLIT.map((part) => {
    const metric = metricOf(result.metrics, part.name);
    return { ...part, seconds: metric?.value ?? 0, text: metric === undefined ? 'not known' : formatMetric(metric) };
  });
  const total = parts.reduce((sum, part) => sum + part.seconds, 0);
  if (total === 0) return html``;
  return html`<div class="split" aria-hidden="true">${parts
    .filter((part) => part.seconds > 0)
    .map((part) => html`<i style="flex:${part.seconds / total} 0 0;background:var(--role-${part.role})"></i>`)}</div>
<ul class="key">${parts.map(
    (part) =>
      html`<li><i class="swatch" style="background:var(--role-${part.role})"></i>${part.label} <b>${part.text}</b> (${formatShare(part.seconds / total)})</li>`,
  )}</ul>`;
}

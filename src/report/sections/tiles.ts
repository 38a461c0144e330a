import {
  formatShare,
  hasSlots,
  METRICS,
  type Metric,
  type MetricName,
  type Result,
  UNBOUNDED,
  utilisationNote,
} from '../../result/index.ts';
import { type Html, html } from '../html.ts';
import { formatMetric, metricOf, metricTitle } from '../metric-text.ts';

const ORIGINS = { engine: 'simulated', kernels: 'counted from executed routing', program: 'read off the task graph' } as const;

/** Metrics that say something about experts only. */
const OF_EXPERTS: readonly MetricName[] = [
  'droppedTokenFraction',
  'maxOverMeanExpertLoad',
  'expertCapacity',
  'slotsPerToken',
  'choicesPerToken',
  'allToAllBytesPerDevice',
  'allToAllsPerStep',
];

/** One tile per metric; its definition appears on hover and on keyboard focus. A dense model gets no tiles about experts. */
export function tiles(result: Result, key: string): Html {
  const shown = result.metrics.filter((metric) => result.scenario.model.moe !== null || !OF_EXPERTS.includes(metric.name));
  return html`<ul class="tiles">${shown.map((metric) => tile(metric, result, key))}</ul>`;
}

function tile(metric: Metric, result: Result, key: string): Html {
  const id = `${key}-tip-${metric.name}`;
  const label = metricTitle(metric.name);
  return html`<li class="tile"><button type="button" class="hint" aria-describedby="${id}">${label}</button><span class="tip" role="tooltip" id="${id}">${METRICS[metric.name].definition} (${metric.name}, ${ORIGINS[metric.from]})</span>
<span class="value">${value(metric, result)}</span><span class="note">${note(metric, result)}</span></li>`;
}

/** The number large, its unit small. */
function value(metric: Metric, { scenario }: Result): Html {
  if (metric.name === 'expertCapacity' && !hasSlots(scenario)) return html`${UNBOUNDED}`;
  const text = formatMetric(metric);
  const at = text.indexOf(' ');
  return at === -1 ? html`${text}` : html`${text.slice(0, at)} <small>${text.slice(at + 1)}</small>`;
}

function note(metric: Metric, result: Result): string {
  if (metric.interval !== undefined) {
    const [low, high] = metric.interval.map((end) => formatMetric({ ...metric, value: end }));
    return `95 %: ${low} to ${high}`;
  }
  const of = (name: MetricName): number => metricOf(result.metrics, name)?.value ?? Number.NaN;
  if (metric.name === 'hbmPeakBytes') return `${formatShare(metric.value / of('hbmCapacityBytes'))} of capacity`;
  const partsOfStep: readonly MetricName[] = ['computeSeconds', 'exposedCommunicationSeconds', 'waitSeconds'];
  if (partsOfStep.includes(metric.name)) return `${formatShare(metric.value / of('stepSeconds'))} of the step`;
  const peak = metric.name === 'mfu' || metric.name === 'hfu' ? utilisationNote(result.scenario.precision) : '';
  return peak === '' ? ORIGINS[metric.from] : peak;
}

import { hasOwnCapacity, hasSlots, readsCapacityFactor, UNBOUNDED } from './capacity.ts';
import { LINK_KINDS, type LinkKindName } from './collective-result.ts';
import { formatBytes, formatCount, formatDollars, formatNumber, formatSeconds, formatShare, formatValue } from './format.ts';
import { shortLinkName } from './link-names.ts';
import { METRICS, metricValue } from './metrics.ts';
import type { MetricName, Result } from './types.ts';
import { utilisationNote } from './utilisation.ts';

/** One line of the summary: what, how much, and what it stands beside. */
export interface SummaryRow {
  readonly label: string;
  readonly value: string;
  readonly note: string;
}

const ABSENT = Number.NaN;

/** The answer in one screen: at most 20 rows, for the terminal and for the head of the page. */
export function summarise(result: Result): readonly SummaryRow[] {
  return [...timeRows(result), ...memoryRows(result), ...trafficRows(result), ...routingRows(result), ...costRows(result)];
}

/** Rows as lines of at most `width` characters, in three columns; a note that is too long is cut with an ellipsis. */
export function formatSummary(rows: readonly SummaryRow[], width = 80): readonly string[] {
  const labelWidth = Math.max(...rows.map((row) => row.label.length));
  const valueWidth = Math.max(...rows.map((row) => row.value.length));
  return rows.map(({ label, value, note }) => {
    const line = `${label.padEnd(labelWidth)}  ${value.padStart(valueWidth)}  ${note}`.trimEnd();
    return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
  });
}

function timeRows(result: Result): SummaryRow[] {
  const value = valuesOf(result);
  const step = value('stepSeconds');
  const estimate = result.analytic.find((row) => row.name === 'stepSeconds');
  const share = (name: MetricName): SummaryRow => ({
    label: `  ${METRICS[name].title}`,
    value: formatShare(value(name) / step),
    note: formatSeconds(value(name)),
  });
  return [
    { label: 'step time', value: formatSeconds(step), note: publishedNote(result, 'stepSeconds') },
    ...(estimate === undefined ? [] : [{ label: '  closed form', value: formatSeconds(estimate.value), note: 'no events, idle wires' }]),
    share('computeSeconds'),
    share('exposedCommunicationSeconds'),
    share('waitSeconds'),
    { label: 'examples per second', value: formatNumber(value('examplesPerSecond')), note: publishedNote(result, 'examplesPerSecond') },
    {
      label: 'tokens/s per chip',
      value: formatNumber(Math.round(value('tokensPerSecondPerChip'))),
      note: publishedNote(result, 'tokensPerSecondPerChip'),
    },
    {
      label: 'MFU',
      value: formatShare(value('mfu')),
      note: joinNotes(`HFU ${formatShare(value('hfu'))}`, utilisationNote(result.scenario.precision), publishedNote(result, 'mfu')),
    },
  ];
}

function memoryRows(result: Result): SummaryRow[] {
  const peak = valuesOf(result)('hbmPeakBytes');
  const capacity = valuesOf(result)('hbmCapacityBytes');
  const fit = peak <= capacity ? '' : ': DOES NOT FIT';
  return [
    { label: 'HBM peak', value: formatBytes(peak), note: `${formatShare(peak / capacity)} of ${formatBytes(capacity)} per device${fit}` },
  ];
}

function trafficRows(result: Result): SummaryRow[] {
  const value = valuesOf(result);
  const rows: SummaryRow[] = [
    {
      label: 'bytes sent per device',
      value: formatBytes(value('iciBytesPerDevice')),
      note: `all-to-all ${formatBytes(value('allToAllBytesPerDevice'))} in ${formatNumber(value('allToAllsPerStep'))}`,
    },
  ];
  return [...rows, ...busiestLinks(result)];
}

/** The link of each kind that carries most; of links to hosts and to the network only where anything goes over them. */
function busiestLinks(result: Result): SummaryRow[] {
  const { links } = result.detail;
  return LINK_KINDS.flatMap((kind) => {
    const own = links.rows.filter((link) => link.kind === kind);
    if (own.length === 0) return [];
    const busiest = own.reduce((most, link) => (link.bytes > most.bytes ? link : most));
    if (kind !== 'ici' && busiest.bytes === 0) return [];
    return [
      {
        label: BUSIEST[kind],
        value: formatBytes(busiest.bytes),
        note: `${shortLinkName(busiest, links)}, busy ${formatShare(busiest.utilisation)} of the step`,
      },
    ];
  });
}

const BUSIEST: Readonly<Record<LinkKindName, string>> = {
  ici: 'busiest ICI link',
  pcie: 'busiest host link',
  nic: 'busiest network card',
};

/** Nothing for a dense model, which has no Switch layer to speak of. */
function routingRows(result: Result): SummaryRow[] {
  if (result.scenario.model.moe === null) return [];
  const value = valuesOf(result);
  const { sampling, expertLoads, verification } = result.detail;
  const busiest = expertLoads.reduce((most, row) => Math.max(most, row.maxOverMean), 0);
  const routed = `${formatCount(sampling.routedTokens)} token passes in ${sampling.routedLayers} of ${sampling.totalLayers} layers`;
  const rows: SummaryRow[] = [
    { label: 'dropped tokens', value: formatShare(value('droppedTokenFraction')), note: routed },
    ...samplingRows(result),
    {
      label: 'max / mean expert load',
      value: formatNumber(value('maxOverMeanExpertLoad')),
      note: expertLoads.length === 0 ? '' : `worst layer ${formatNumber(busiest)}`,
    },
    {
      label: 'expert capacity',
      value: hasSlots(result.scenario) ? `${formatNumber(value('expertCapacity'))} slots` : UNBOUNDED,
      note: capacityNote(result),
    },
  ];
  const choices = value('choicesPerToken');
  rows.push({
    label: 'slots per token',
    value: formatNumber(value('slotsPerToken')),
    note: `${formatNumber(choices)} choice${choices === 1 ? '' : 's'} per token`,
  });
  if (verification !== null) {
    rows.push({
      label: 'checked against oracle',
      value: `${formatCount(verification.tokens)} tokens`,
      note: `${formatCount(verification.comparedValues)} values, ${verification.differingValues} differ`,
    });
  }
  return rows;
}

/** Who made the slots, and from which factor if any. */
function capacityNote({ scenario }: Result): string {
  const { router, capacityFactor, capacityRule } = scenario.routing;
  if (!hasSlots(scenario)) return `${router}, dropless`;
  const factor = readsCapacityFactor(scenario) ? `, cf ${capacityFactor}` : '';
  return `${router}${factor}, ${hasOwnCapacity(scenario) ? 'its own' : capacityRule} rule`;
}

/** Nothing where all was routed: the error is 0 then, and not worth a line. */
function samplingRows({ detail: { sampling } }: Result): SummaryRow[] {
  const { standardError } = sampling;
  if (standardError === 0) return [];
  const value = standardError === null ? 'not known' : `±${formatShare(standardError)}`;
  return [{ label: '  sampling error', value, note: 'standard error of the dropped tokens' }];
}

function costRows(result: Result): SummaryRow[] {
  return [
    {
      label: METRICS.dollarsPerBillionTokens.title,
      value: formatDollars(valuesOf(result)('dollarsPerBillionTokens')),
      note: publishedNote(result, 'dollarsPerBillionTokens'),
    },
  ];
}

function valuesOf(result: Result): (name: MetricName) => number {
  return (name) => metricValue(result.metrics, name) ?? ABSENT;
}

/** `published 1,000 examples/s (+12.3 %)`: how far the simulated value lies from the measured one. */
function publishedNote(result: Result, name: MetricName): string {
  const published = result.published.find((row) => row.metric === name);
  if (published === undefined) return '';
  const deviation = (valuesOf(result)(name) / published.value - 1) * 100;
  const sign = deviation < 0 ? '' : '+';
  return `published ${formatValue(published.value, published.unit)} (${sign}${deviation.toFixed(1)} %)`;
}

function joinNotes(...notes: readonly string[]): string {
  return notes.filter((note) => note !== '').join(', ');
}

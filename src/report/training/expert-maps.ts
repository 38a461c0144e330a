import { expertsOf, formatNumber, formatShare, type LearnedLayer, sharesOf, type TrainingResult } from '../../result/index.ts';
import type { ChartSpec, HeatView } from '../chart-spec.ts';

/** Digits of a share in the data of a picture: more than its colours tell apart. */
const DIGITS = 4;

/** Which experts were used over the run, layer by layer; null for a model without them. */
export function usageMaps({ layers }: TrainingResult): ChartSpec | null {
  const shown = layers.filter(({ kept }) => kept.length > 0);
  if (shown.length === 0) return null;
  return {
    id: 'expert-usage',
    title: 'Use of the experts over the run',
    shows:
      'One row per expert, one column per sampled step: its share of all choices that found a slot in that step. The darker (on a dark page: the brighter), the more; behind each row is the share in the last step.',
    width: 'full',
    choose: 'Layer',
    views: shown.map(usageMap),
  };
}

function usageMap(layer: LearnedLayer): HeatView {
  const shares = layer.kept.map(sharesOf);
  const experts = Array.from({ length: expertsOf(layer) }, (_, expert) => expert);
  const last = shares[shares.length - 1];
  return {
    kind: 'heat',
    label: `layer ${layer.layer}`,
    finding: usageFinding(layer, last),
    table: {
      columns: [{ label: 'Expert', unit: '' }, ...layer.sampledSteps.map((step) => ({ label: `${step + 1}`, unit: 'fraction' }))],
      rows: experts.map((expert) => [`${expert}`, ...shares.map((row) => rounded(row[expert]))]),
    },
    rowAxis: 'Expert',
    columnAxis: 'Step',
    unit: 'fraction',
    top: topOf(shares),
    notes: { title: 'last', rows: last.map(formatShare) },
  };
}

function usageFinding({ sampledSteps, layer }: LearnedLayer, last: readonly number[]): string {
  const even = 1 / last.length;
  const busiest = indexOfMost(last);
  const idle = last.filter((share) => share === 0).length;
  const rare = last.filter((share) => share > 0 && share < even / 4).length;
  const unused = idle === 0 ? 'none is idle' : `${formatNumber(idle)} of ${formatNumber(last.length)} get nothing`;
  const little = rare === 0 ? '' : `, ${formatNumber(rare)} less than a quarter of an even share`;
  return `Layer ${layer}, step ${formatNumber((sampledSteps.at(-1) ?? 0) + 1)}: expert ${busiest} gets ${formatShare(last[busiest])}, where an even share is ${formatShare(even)}; ${unused}${little}.`;
}

/** Which expert takes the words of which text; null where there is one text, or where that was never looked at. */
export function textMaps({ layers, texts }: TrainingResult): ChartSpec | null {
  const shown = layers.filter(({ keptOfTexts }) => keptOfTexts.length === texts.length);
  if (texts.length < 2 || shown.length === 0) return null;
  return {
    id: 'experts-of-texts',
    title: 'Which expert takes which text',
    shows:
      'One row per text, one column per expert: its share of the choices of the held-out words of that text that found a slot, in the last evaluation. Each row adds up to 100 %; behind it is the expert that takes most. Rows that are alike show experts that do not know one text from another.',
    width: 'full',
    choose: 'Layer',
    views: shown.map(({ layer, keptOfTexts }) =>
      textMap(
        `layer ${layer}`,
        texts.map(({ name }) => name),
        keptOfTexts,
      ),
    ),
  };
}

/** `kept`: [texts][experts] choices. */
export function textMap(label: string, names: readonly string[], kept: readonly (readonly number[])[]): HeatView {
  const shares = kept.map(sharesOf);
  const most = shares.map(mostWords);
  const apart = names.flatMap((_, a) => names.slice(a + 1).map((_, b) => [a, a + 1 + b] as const));
  const furthest = apart.reduce((best, pair) => (distance(shares, pair) > distance(shares, best) ? pair : best));
  return {
    kind: 'heat',
    label,
    finding: `${label[0].toUpperCase()}${label.slice(1)}: ${names.map((name, text) => `${name} goes to ${most[text]} most (${formatShare(Math.max(...shares[text]))})`).join(', ')}. Furthest apart are ${names[furthest[0]]} and ${names[furthest[1]]}: ${formatShare(distance(shares, furthest))} of the choices of one would have to go elsewhere to be as those of the other.`,
    table: {
      columns: [{ label: 'Text', unit: '' }, ...kept[0].map((_, expert) => ({ label: `${expert}`, unit: 'fraction' }))],
      rows: names.map((name, text) => [name, ...shares[text].map(rounded)]),
    },
    rowAxis: 'Text',
    columnAxis: 'Expert',
    unit: 'fraction',
    top: topOf(shares),
    notes: { title: 'most', rows: most },
  };
}

/** Total variation: half the sum of the differences. */
function distance(shares: readonly (readonly number[])[], [a, b]: readonly [number, number]): number {
  return shares[a].reduce((sum, share, expert) => sum + Math.abs(share - shares[b][expert]), 0) / 2;
}

/** `expert 9`, or `experts 9, 15`: full experts take equally many. */
function mostWords(shares: readonly number[]): string {
  const top = Math.max(...shares);
  const experts = shares.flatMap((share, expert) => (share === top ? [expert] : []));
  if (experts.length === 1) return `expert ${experts[0]}`;
  return experts.length === 2 ? `experts ${experts[0]}, ${experts[1]}` : `${experts.length} experts`;
}

function indexOfMost(values: readonly number[]): number {
  return values.reduce((best, value, at) => (value > values[best] ? at : best), 0);
}

function topOf(shares: readonly (readonly number[])[]): number {
  return shares.reduce((top, row) => row.reduce((high, share) => Math.max(high, share), top), 0);
}

function rounded(share: number): number {
  return Number(share.toPrecision(DIGITS));
}

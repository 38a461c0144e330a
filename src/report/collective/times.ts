import { type CollectiveResult, formatSeconds } from '../../result/index.ts';
import type { BarsView, ChartSpec } from '../chart-spec.ts';
import { formatRatio } from '../format.ts';

/** The simulated time beside the bound of the wires, and the same bytes under every routing that the wires can have. */
export function times(result: CollectiveResult): ChartSpec | null {
  const { seconds, lowerBoundSeconds, latencySeconds, routings, network, routing } = result;
  if (seconds === 0) return null;
  const view: BarsView = {
    kind: 'bars',
    label: 'Seconds',
    finding: finding(result),
    table: {
      columns: [
        { label: 'What', unit: '' },
        { label: 'Time', unit: 's' },
      ],
      rows: [
        [`simulated: ${network}${routing === null ? '' : `, ${routing}`}`, seconds],
        ...(routings.length > 1 ? routings.map((one) => [`idle wires, ${one.routing}`, one.seconds]) : []),
        ['lower bound of the wires', lowerBoundSeconds],
        ['latency of the hops alone', latencySeconds],
      ],
    },
    direction: 'horizontal',
    stacked: false,
    category: 0,
    categoryAxis: 'What',
    valueAxis: { label: 'Time', unit: 's' },
    series: [{ column: 1, role: 'compute' }],
    references: [],
  };
  return {
    id: 'times',
    title: 'Time and bound',
    shows:
      routings.length > 1
        ? 'How bytes choose among shortest ways is rarely published, and for uneven traffic the answers may differ by a multiple; each routing stands alone on idle wires. No algorithm is faster than the bound, which knows no latency.'
        : 'No algorithm is faster than the bound, which knows no latency.',
    width: 'half',
    choose: '',
    views: [view],
  };
}

function finding({ seconds, lowerBoundSeconds, routings }: CollectiveResult): string {
  const ratio =
    lowerBoundSeconds > 0 ? `, ${formatRatio(seconds / lowerBoundSeconds)} the bound of ${formatSeconds(lowerBoundSeconds)}` : '';
  const sorted = [...routings].sort((a, b) => a.seconds - b.seconds);
  const [quickest] = sorted;
  const slowest = sorted.at(-1);
  if (quickest === undefined || slowest === undefined || sorted.length < 2) return `${formatSeconds(seconds)}${ratio}.`;
  const spread = slowest.seconds / quickest.seconds;
  const words =
    spread < 1.0005 ? 'every routing takes the same' : `${slowest.routing} takes ${formatRatio(spread)} as long as ${quickest.routing}`;
  return `${formatSeconds(seconds)}${ratio}; ${words}.`;
}

import { type CollectiveResult, formatNumber, formatShare, type LinkUse } from '../../result/index.ts';
import type { BarsView, ChartSpec } from '../chart-spec.ts';
import { seriesRole } from '../palette.ts';

const BINS = 20;
/** The scale ends at the first of these that no link passes. */
const TOPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** How many links were used how much, by direction of the grid. Null where there are no links. */
export function useHistogram({ links, wires }: CollectiveResult): ChartSpec | null {
  if (links.rows.length === 0) return null;
  const groups = linkGroups(links.rows, wires.shape.length);
  const most = links.rows.reduce((top, { utilisation }) => Math.max(top, utilisation), 0);
  const top = TOPS.find((end) => most <= end) ?? 1;
  const binOf = ({ utilisation }: LinkUse): number => Math.min(BINS - 1, Math.floor((utilisation / top) * BINS));
  const rows = Array.from({ length: BINS }, (_, bin) => [binName(bin, top), ...groups.map(() => 0)] as [string, ...number[]]);
  for (const [column, { uses }] of groups.entries()) for (const use of uses) (rows[binOf(use)][column + 1] as number)++;
  const view: BarsView = {
    kind: 'bars',
    label: 'Links',
    finding: finding(links.rows, most),
    table: { columns: [{ label: 'Used', unit: '' }, ...groups.map(({ name }) => ({ label: name, unit: '' }))], rows },
    direction: 'vertical',
    stacked: true,
    category: 0,
    categoryAxis: 'Share of the bandwidth used',
    valueAxis: { label: 'Directed links', unit: '' },
    series: groups.map((_, i) => ({ column: i + 1, role: seriesRole(i) })),
    references: [],
  };
  return {
    id: 'use-histogram',
    title: 'How evenly the links are used',
    shows:
      'Every directed link counted once, in the bar of the share of its bandwidth that was used, by the side of the grid that it runs along.',
    width: 'half',
    choose: '',
    views: [view],
  };
}

/** Links along each side, then those to hosts and to the network; groups without links are left out. */
function linkGroups(rows: readonly LinkUse[], dimensions: number): { readonly name: string; readonly uses: readonly LinkUse[] }[] {
  const along = Array.from({ length: dimensions }, (_, axis) => ({
    name: `along ${'xyz'[axis]}`,
    uses: rows.filter((use) => use.kind === 'ici' && use.axis === axis),
  }));
  const outside = [
    { name: 'chip and host', uses: rows.filter(({ kind }) => kind === 'pcie') },
    { name: 'host and network', uses: rows.filter(({ kind }) => kind === 'nic') },
  ];
  return [...along, ...outside].filter(({ uses }) => uses.length > 0);
}

function binName(bin: number, top: number): string {
  const percent = (share: number): string => formatNumber(Number((share * 100).toPrecision(6)));
  return `${percent((bin * top) / BINS)}–${percent(((bin + 1) * top) / BINS)} %`;
}

function finding(rows: readonly LinkUse[], most: number): string {
  const idle = rows.filter(({ bytes }) => bytes === 0).length;
  const near = rows.filter(({ utilisation }) => utilisation >= 0.9 * most && utilisation > 0).length;
  const idleWords = idle === 0 ? 'none is idle' : `${formatNumber(idle)} carry nothing`;
  return `${formatNumber(near)} of ${formatNumber(rows.length)} directed links are used at least nine tenths as much as the busiest (${formatShare(most)}); ${idleWords}.`;
}

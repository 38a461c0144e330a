import { formatNumber, formatShare, formatValue, type LinkMap, type LinkRow, type Result } from '../../result/index.ts';
import type { ChartSpec, LinksView } from '../chart-spec.ts';

const AXES = ['x', 'y', 'z'];

/** The wires of the slice, each direction on its own, by what they carry and how busy they are. */
export function linkHeatMap(result: Result): ChartSpec | null {
  const { links } = result.detail;
  if (links.rows.length === 0) return null;
  return {
    id: 'link-heat-map',
    title: 'Load of the interconnect links',
    shows: `Chips on their grid, one arrow per directed link; the darker (on a dark page: the brighter) the arrow, the more it carried, or the longer it was busy.${wires(links)}`,
    width: (links.shape[0] ?? 1) > 5 || links.shape.length > 2 ? 'full' : 'half',
    choose: 'Colour by',
    views: [view(links, 'Bytes in one step', 3, (row) => row.bytes), view(links, 'Busy share of the step', 5, (row) => row.utilisation)],
  };
}

/** How the drawing shows wires that do not fit into a plane. */
function wires(links: LinkMap): string {
  const around = links.wrap.some(Boolean) ? ' A link around the ring of a closed side is a stub at the edge.' : '';
  const depth = links.shape.length > 2 ? ' Planes of the third side stand next to each other; links between them are slanted stubs.' : '';
  return around + depth;
}

function view(links: LinkMap, label: string, value: number, of: (row: LinkRow) => number): LinksView {
  return {
    kind: 'links',
    label,
    finding: finding(links),
    table: {
      columns: [
        { label: 'From chip', unit: '' },
        { label: 'To chip', unit: '' },
        { label: 'Axis', unit: '' },
        { label: 'Bytes', unit: 'B' },
        { label: 'Busy', unit: 's' },
        { label: 'Share of the step', unit: 'fraction' },
      ],
      rows: links.rows.map((row) => [row.from, row.to, AXES[row.axis] ?? `${row.axis}`, row.bytes, row.busySeconds, row.utilisation]),
    },
    shape: links.shape,
    wrap: links.wrap,
    devicesPerChip: links.devicesPerChip,
    from: 0,
    to: 1,
    axis: 2,
    value,
    top: links.rows.reduce((top, row) => Math.max(top, of(row)), 0),
  };
}

function finding(links: LinkMap): string {
  const busiest = links.rows.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const mean = links.rows.reduce((sum, row) => sum + row.bytes, 0) / links.rows.length;
  const count = formatNumber(links.rows.length);
  if (busiest.bytes <= mean * 1.0005)
    return `All ${count} links carry the same, ${formatValue(busiest.bytes, 'B')}, and are busy ${formatShare(busiest.utilisation)} of the step.`;
  const ratio = `, ${formatNumber(busiest.bytes / mean)} times the mean of ${count} links`;
  return `The busiest link, chip ${busiest.from} to chip ${busiest.to}, carries ${formatValue(busiest.bytes, 'B')}${ratio}, and is busy ${formatShare(busiest.utilisation)} of the step.`;
}

import { formatShare, formatValue, type MemoryProfile, type Result } from '../../result/index.ts';
import { learns } from '../../scenario/index.ts';
import type { BarsView, ChartSpec, LineView } from '../chart-spec.ts';
import { seriesRole } from '../palette.ts';

/** Buffers beyond this many are summed into one bar. */
const SHOWN_BUFFERS = 14;

/** Live bytes of the shown device's HBM over the step by what they are for, and what fills the peak. */
export function memory(result: Result): ChartSpec {
  const profile = result.detail.memory;
  return {
    id: 'memory',
    title: `Memory of device ${result.detail.timeline.device}`,
    shows: `Bytes of HBM that are alive, over the simulated step${learns(result.scenario.workload) ? ': activations pile up in the forward pass and are freed in the backward pass' : ''}. Devices of one pipeline stage hold the same buffers, as large as the fullest one needs; the times are those of this device. The dashed line is what it has.`,
    width: 'half',
    choose: 'Show',
    views: [overTime(profile), atPeak(profile)],
  };
}

/** Stacked by part; one area for all where a result of an older version has no parts. */
function overTime(profile: MemoryProfile): LineView {
  const { points } = profile;
  const parts = (profile.parts ?? []).filter(({ bytes }) => bytes.length === points.length);
  const isParted = parts.length > 0;
  return {
    kind: 'line',
    label: 'Over the step',
    finding: finding(profile),
    table: {
      columns: [
        { label: 'Time', unit: 's' },
        ...(isParted ? parts.map(({ name }) => ({ label: name, unit: 'B' })) : []),
        { label: isParted ? 'All' : 'Live bytes', unit: 'B' },
      ],
      rows: points.map((point, row) => [point.seconds, ...(isParted ? parts.map(({ bytes }) => bytes[row]) : []), point.bytes]),
    },
    stacked: isParted,
    x: 0,
    xAxis: { label: 'Simulated time', unit: 's' },
    valueAxis: { label: 'Live bytes', unit: 'B' },
    series: isParted ? parts.map((_, i) => ({ column: i + 1, role: seriesRole(i) })) : [{ column: 1, role: 'memory' }],
    references: [{ label: `Capacity ${formatValue(profile.capacityBytes, 'B')}`, value: profile.capacityBytes }],
  };
}

function atPeak(profile: MemoryProfile): BarsView {
  // A sum of one would only hide its name.
  const shown = profile.atPeak.length === SHOWN_BUFFERS + 1 ? SHOWN_BUFFERS + 1 : SHOWN_BUFFERS;
  const rows = profile.atPeak.slice(0, shown).map((buffer) => [buffer.name, buffer.bytes]);
  const rest = profile.atPeak.slice(shown).reduce((sum, buffer) => sum + buffer.bytes, 0);
  if (rest > 0) rows.push([`${profile.atPeak.length - shown} smaller ones`, rest]);
  return {
    kind: 'bars',
    label: 'What fills the peak',
    finding: finding(profile),
    table: {
      columns: [
        { label: 'Buffer', unit: '' },
        { label: 'Bytes at the peak', unit: 'B' },
      ],
      rows,
    },
    direction: 'horizontal',
    stacked: false,
    category: 0,
    categoryAxis: 'Buffer',
    valueAxis: { label: 'Bytes alive at the peak', unit: 'B' },
    series: [{ column: 1, role: 'memory' }],
    references: [],
  };
}

function finding(profile: MemoryProfile): string {
  const share = profile.capacityBytes > 0 ? ` (${formatShare(profile.peakBytes / profile.capacityBytes)} of capacity)` : '';
  const largest = profile.atPeak[0];
  const filled = largest === undefined ? '' : `; the largest part of it is ${largest.name}, ${formatValue(largest.bytes, 'B')}`;
  return `The peak is ${formatValue(profile.peakBytes, 'B')}${share} at ${formatValue(profile.peakAtSeconds, 's')}${filled}. The closed form says ${formatValue(profile.closedFormBytes, 'B')}.`;
}

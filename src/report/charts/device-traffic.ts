import { formatNumber, formatValue, type LayerTraffic, type Result } from '../../result/index.ts';
import type { ChartSpec, MatrixView } from '../chart-spec.ts';

/** Which device sends how many bytes of kept tokens to which other device when a Switch layer dispatches. */
export function deviceTraffic(result: Result): ChartSpec | null {
  const layers = result.detail.traffic;
  if (layers.length === 0) return null;
  return {
    id: 'device-traffic',
    title: 'Tokens from device to device',
    shows:
      'Bytes of kept tokens that one dispatch of a Switch layer sends from each device (row) to each other device (column). A dark column is a device whose experts are wanted by everybody. Dispatch into slots (einsum, scatter) moves all of them, filled or not, so the wires carry the same between any two devices; dropless dispatch moves what is shown. Where groups of tokens were sampled, devices that hold none of them have empty rows.',
    width: 'half',
    choose: 'Layer',
    views: layers.map(view),
  };
}

function view(layer: LayerTraffic): MatrixView {
  const n = layer.rows;
  const columns = [{ label: 'Source', unit: '' }];
  const rows = [];
  for (let source = 0; source < n; source++) {
    columns.push({ label: rowLabel(layer, source), unit: 'B' });
    rows.push([rowLabel(layer, source), ...layer.tokenBytes.slice(source * n, source * n + n)]);
  }
  return {
    kind: 'matrix',
    label: `${layer.stack} layer ${layer.layer}`,
    finding: finding(layer),
    table: { columns, rows },
    rowAxis: 'Source device',
    columnAxis: 'Destination device',
    unit: 'B',
    top: layer.tokenBytes.reduce((top, bytes) => Math.max(top, bytes), 0),
  };
}

function finding(layer: LayerTraffic): string {
  const n = layer.rows;
  const received = Array.from({ length: n }, (_, to) => {
    let sum = 0;
    for (let from = 0; from < n; from++) sum += layer.tokenBytes[from * n + to] ?? 0;
    return sum;
  });
  const mean = received.reduce((a, b) => a + b, 0) / n;
  const most = received.reduce((best, bytes, device) => (bytes > (received[best] ?? 0) ? device : best), 0);
  const slots = `${padding(layer)}${executed(layer)}`;
  const who = receivers(layer, most);
  return `${who} the most, ${formatValue(received[most] ?? 0, 'B')}, ${formatNumber((received[most] ?? 0) / mean)} times the mean.${slots}`;
}

/** Devices, or where several groups of them add up their members of that number. */
function receivers(layer: LayerTraffic, row: number): string {
  const label = rowLabel(layer, row);
  if (layer.groups > 1) {
    return `Added up over ${formatNumber(layer.groups)} groups of ${formatNumber(layer.devices)} devices that share experts, members ${label} receive`;
  }
  return layer.devicesPerRow === 1 ? `Device ${label} receives` : `Devices ${label} receive`;
}

/** What slots would make of every cell, filled or not. */
function padding({ slotBytesPerPair, devicesPerRow }: LayerTraffic): string {
  if (slotBytesPerPair === null) return '';
  return ` With padding every cell holds ${formatValue(slotBytesPerPair * devicesPerRow * devicesPerRow, 'B')}.`;
}

/** Two countings of the same bytes: buffers that were filled and handed over, and the task graph's closed form. */
function executed({ executedBytesToOthers, predictedBytesToOthers, slotBytesPerPair }: LayerTraffic): string {
  if (executedBytesToOthers === null) return '';
  const predicted =
    executedBytesToOthers === predictedBytesToOthers ? 'exactly as' : `where ${formatValue(predictedBytesToOthers, 'B')} were`;
  return ` The executed dispatch handed ${formatValue(executedBytesToOthers, 'B')} of ${slotBytesPerPair === null ? 'rows' : 'slots'} to other devices, ${predicted} predicted.`;
}

/** `7`, or `56-63` where a row stands for several devices. */
function rowLabel({ devices, devicesPerRow }: LayerTraffic, row: number): string {
  const first = row * devicesPerRow;
  const last = Math.min(devices, first + devicesPerRow) - 1;
  return first === last ? `${first}` : `${first}-${last}`;
}

import { deviceOfGroup } from '../layout/index.ts';
import type { DeviceTraffic, LayerLoad } from '../scenario/index.ts';

/**
 * [devices, devices] bytes of the whole step. What stands for several devices is spread evenly over them. Where the sources were not routed to the same
 * extent, what they send is not known one by one: every source then sends the mean of all.
 */
export function stepTraffic(layer: LayerLoad, { devices, devicesPerRow, rows, bytes }: DeviceTraffic, scale: number): Float64Array {
  const members = (row: number): number => Math.min(devicesPerRow, devices - row * devicesPerRow);
  const rowOf = (device: number): number => Math.floor(device / devicesPerRow);
  const comparable = sourcesAreComparable(layer, devices, rowOf, rows);
  const columnSums = new Float64Array(rows);
  for (let pair = 0; pair < bytes.length; pair++) columnSums[pair % rows] += bytes[pair];
  const traffic = new Float64Array(devices * devices);
  for (let from = 0; from < devices; from++) {
    for (let to = 0; to < devices; to++) {
      const column = rowOf(to);
      const sent = comparable ? bytes[rowOf(from) * rows + column] / members(rowOf(from)) : columnSums[column] / devices;
      traffic[from * devices + to] = (sent * scale) / members(column);
    }
  }
  return traffic;
}

/** Whether every device, or each row's mean device, has had the same number of its groups routed. */
function sourcesAreComparable(layer: LayerLoad, devices: number, rowOf: (device: number) => number, rows: number): boolean {
  if (layer.groups === layer.totalGroups) return true;
  const routed = new Float64Array(rows);
  const held = new Float64Array(rows);
  for (const group of layer.routedGroups) routed[rowOf(deviceOfGroup(group, layer.totalGroups, devices))]++;
  for (let device = 0; device < devices; device++) held[rowOf(device)]++;
  return routed.every((count, row) => count / held[row] === routed[0] / held[0]);
}

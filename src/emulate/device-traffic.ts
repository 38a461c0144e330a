import type { DeviceTraffic } from '../scenario/index.ts';
import { deviceOfGroup } from './shards.ts';
import type { StackTokens } from './types.ts';

/** More rows than this are not told apart in a picture, and 2,048 x 2,048 numbers per layer are no longer a result to keep. */
const LARGEST_ROWS = 64;

/** Bytes from the devices that hold groups to the devices that hold what stands in a column, summed into few rows while they are counted. */
export function countTraffic(
  devices: number,
  tokens: StackTokens,
  columns: number,
  deviceOfColumn: (column: number) => number,
  bytesOf: (groupRow: number, column: number) => number,
): DeviceTraffic {
  const devicesPerRow = Math.ceil(devices / LARGEST_ROWS);
  const rows = Math.ceil(devices / devicesPerRow);
  const bytes = new Float64Array(rows * rows);
  let bytesToOthers = 0;
  const groupsOfStack = tokens.tokens / tokens.groupTokens;
  const destinations = Int32Array.from({ length: columns }, (_, column) => deviceOfColumn(column));
  tokens.groups.forEach((group, groupRow) => {
    const source = deviceOfGroup(group, groupsOfStack, devices);
    const row = Math.floor(source / devicesPerRow) * rows;
    for (let column = 0; column < columns; column++) {
      const moved = bytesOf(groupRow, column);
      bytes[row + Math.floor(destinations[column] / devicesPerRow)] += moved;
      if (destinations[column] !== source) bytesToOthers += moved;
    }
  });
  return { devices, devicesPerRow, rows, bytes, bytesToOthers };
}

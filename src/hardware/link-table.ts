import { assert } from '../base/index.ts';
import { toNextChip } from './grid.ts';
import { type HostGrid, hostOfChips } from './hosts.ts';
import { neighbourOf } from './neighbour.ts';
import { chipCount, LinkKind, type LinkTable, type WireSpec } from './topology.ts';
import { noTwist } from './twist.ts';

/** A table that grows by rows, allocated for as many as there can be. */
interface Rows {
  count: number;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly kind: Uint8Array;
  readonly axis: Uint8Array;
  readonly direction: Int8Array;
  readonly bytesPerSecond: Float64Array;
}

/** Rows run over slices, chips, dimensions, forwards and backwards; then chips and their hosts; then hosts and the network. */
export function linkTable(spec: WireSpec, slices: number, grid: HostGrid | null): LinkTable {
  const chips = chipCount(spec.shape) * slices;
  const most = chips * spec.shape.length * 2 + (grid === null ? 0 : 2 * (chips + grid.count * slices));
  const rows: Rows = {
    count: 0,
    from: new Uint32Array(most),
    to: new Uint32Array(most),
    kind: new Uint8Array(most),
    axis: new Uint8Array(most),
    direction: new Int8Array(most),
    bytesPerSecond: new Float64Array(most),
  };
  const leaving = new Int32Array(chips * spec.shape.length * 2).fill(-1);
  for (let slice = 0; slice < slices; slice++) addGrid(spec, (chips / slices) * slice, rows, leaving, brokenPairs(spec, chips));
  slowDown(spec, rows);
  if (grid !== null) addHosts(spec, slices, grid, rows);
  return {
    count: rows.count,
    from: rows.from.slice(0, rows.count),
    to: rows.to.slice(0, rows.count),
    kind: rows.kind.slice(0, rows.count),
    axis: rows.axis.slice(0, rows.count),
    direction: rows.direction.slice(0, rows.count),
    bytesPerSecond: rows.bytesPerSecond.slice(0, rows.count),
    leaving,
  };
}

/** The links between the chips of one slice, whose first chip is `first`. */
function addGrid(spec: WireSpec, first: number, rows: Rows, leaving: Int32Array, broken: ReadonlySet<string> | null): void {
  const { shape, wrap, twist = noTwist(shape) } = spec;
  const dimensions = shape.length;
  const neighbour = neighbourOf({ shape, wrap, twist });
  const at = new Array<number>(dimensions).fill(0);
  const chips = chipCount(shape);
  for (let chip = 0; chip < chips; chip++, toNextChip(shape, at)) {
    for (let axis = 0; axis < dimensions; axis++) {
      for (let direction = 1; direction >= -1; direction -= 2) {
        const to = neighbour(chip, at, axis, direction);
        if (to < 0 || broken?.has(pairKey(first + chip, first + to))) continue;
        leaving[((first + chip) * dimensions + axis) * 2 + (direction === 1 ? 0 : 1)] = rows.count;
        addRow(rows, first + chip, first + to, LinkKind.ici, axis, direction, spec.linkBytesPerSecond);
      }
    }
  }
}

function addHosts(spec: WireSpec, slices: number, grid: HostGrid, rows: Rows): void {
  const { host, shape } = spec;
  assert(host !== undefined, 'hosts have a bandwidth');
  const inSlice = hostOfChips(shape, grid);
  const chips = inSlice.length * slices;
  const network = chips + grid.count * slices;
  for (let chip = 0; chip < chips; chip++) {
    const slice = Math.floor(chip / inSlice.length);
    const to = chips + slice * grid.count + inSlice[chip % inSlice.length];
    addRow(rows, chip, to, LinkKind.pcie, shape.length, 1, host.pcieBytesPerSecond);
    addRow(rows, to, chip, LinkKind.pcie, shape.length, -1, host.pcieBytesPerSecond);
  }
  for (let end = chips; end < network; end++) {
    addRow(rows, end, network, LinkKind.nic, shape.length, 1, host.nicBytesPerSecond);
    addRow(rows, network, end, LinkKind.nic, shape.length, -1, host.nicBytesPerSecond);
  }
}

function addRow(rows: Rows, from: number, to: number, kind: number, axis: number, direction: number, bytesPerSecond: number): void {
  const row = rows.count++;
  rows.from[row] = from;
  rows.to[row] = to;
  rows.kind[row] = kind;
  rows.axis[row] = axis;
  rows.direction[row] = direction;
  rows.bytesPerSecond[row] = bytesPerSecond;
}

/** Divides the bandwidth of slow wires, both directions, and of all wires where several join the two chips. */
function slowDown({ slowLinks }: WireSpec, rows: Rows): void {
  if (slowLinks === undefined || slowLinks.length === 0) return;
  const factors = new Map(slowLinks.map(({ between: [a, b], factor }) => [pairKey(a, b), factor]));
  assert(factors.size === slowLinks.length, 'a slow wire is named once');
  for (let row = 0; row < rows.count; row++) {
    const factor = factors.get(pairKey(rows.from[row], rows.to[row]));
    if (factor !== undefined) rows.bytesPerSecond[row] /= factor;
  }
}

function brokenPairs({ brokenLinks }: WireSpec, chips: number): ReadonlySet<string> | null {
  if (brokenLinks === undefined || brokenLinks.length === 0) return null;
  assert(
    brokenLinks.every(([a, b]) => a < chips && b < chips),
    'broken links join chips',
  );
  return new Set(brokenLinks.map(([a, b]) => pairKey(a, b)));
}

/** The same for both directions. */
function pairKey(a: number, b: number): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

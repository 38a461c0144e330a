import type { Fault } from '../fault.ts';

const UNEVEN = 'test/hardware/uneven-wires.test.ts';
const CORE_TIME = 'test/hardware/core-time.test.ts';

/** Faults in the chips, in what a core takes, and in the links between them. */
export const WIRE_FAULTS: readonly Fault[] = [
  {
    name: 'twist-of-one-direction',
    what: 'crossing a wrap forwards shifts, crossing it backwards does not lead back',
    file: 'src/hardware/neighbour.ts',
    from: 'const shift = twist[axis][other];',
    to: 'const shift = direction === 1 ? twist[axis][other] : 0;',
    caughtBy: {
      file: 'test/hardware/twist.test.ts',
      test: 'every twisted torus has as many links as the plain one, each with its opposite',
    },
  },
  {
    name: 'twist-of-a-quarter',
    what: 'the wrap of a short side goes a quarter of the way round a long one',
    file: 'src/hardware/twist.ts',
    from: 'side === short && other === 2 * short ? short : 0',
    to: 'side === short && other === 2 * short ? short >> 1 : 0',
    caughtBy: { file: 'test/hardware/twist.test.ts', test: 'published shapes [4,4,8]' },
  },
  {
    name: 'wrap-of-the-open',
    what: 'every side closes, whatever the wires say',
    file: 'src/hardware/neighbour.ts',
    from: '(crosses && !wrap[axis])',
    to: '(crosses && wrap.length === 0)',
    caughtBy: { file: 'test/hardware/wires.test.ts', test: 'links TPU v3, 4x4: 48 directed links when open, 64 when closed' },
  },
  {
    name: 'wire-broken-one-way',
    what: 'a broken wire still carries bytes backwards',
    file: 'src/hardware/link-table.ts',
    from: 'broken?.has(pairKey(first + chip, first + to))',
    to: '(direction === 1 && broken?.has(pairKey(first + chip, first + to)))',
    caughtBy: { file: UNEVEN, test: 'a broken wire is gone in both directions' },
  },
  {
    name: 'wire-slow-one-way',
    what: 'a slow wire is slow forwards only',
    file: 'src/hardware/link-table.ts',
    from: 'if (factor !== undefined) rows',
    to: 'if (factor !== undefined && rows.direction[row] === 1) rows',
    caughtBy: { file: UNEVEN, test: 'a slow wire has its share of the bandwidth in both directions' },
  },
  {
    name: 'hosts-shared-by-slices',
    what: 'all slices send through the network cards of the first',
    file: 'src/hardware/link-table.ts',
    from: 'const to = chips + slice * grid.count + inSlice[chip % inSlice.length];',
    to: 'const to = chips + inSlice[chip % inSlice.length];',
    caughtBy: { file: UNEVEN, test: 'hosts every chip has one' },
  },
  {
    name: 'core-with-the-bandwidth-of-its-chip',
    what: 'each of two cores streams as fast as both together',
    file: 'src/hardware/core-time.ts',
    from: 'hbmBytesPerSecond: chip.hbmBytesPerSecond / chip.devicesPerChip',
    to: 'hbmBytesPerSecond: chip.hbmBytesPerSecond',
    caughtBy: { file: 'test/hardware/chips.test.ts', test: 'tpu-v3' },
  },
  {
    name: 'vector-unit-after-the-arrays',
    what: 'element-wise work of a product begins when the arrays are done',
    file: 'src/hardware/core-time.ts',
    from: 'return Math.max(seconds, launchSeconds + vector);',
    to: 'return seconds + vector;',
    caughtBy: { file: CORE_TIME, test: `one operation of a step on 'tpu-v4' hides arithmetic behind a product` },
  },
  {
    name: 'everything-hidden',
    what: 'the first and the last block of a product cost nothing beside the longer of arrays and memory',
    file: 'src/hardware/curves.ts',
    from: 'Math.max(arraySeconds, hbmSeconds) + exposedSeconds;',
    to: 'Math.max(arraySeconds, hbmSeconds) + 0 * exposedSeconds;',
    caughtBy: { file: CORE_TIME, test: `one operation of a step on 'tpu-v4' exposes what of arrays and memory nothing hides` },
  },
  {
    name: 'pass-shorter-than-its-tile',
    what: 'few rows pass through an array in less time than its tile takes to load',
    file: 'src/hardware/matmul.ts',
    from: 'Math.max(Math.ceil(m / SUBLANES) * SUBLANES, side)',
    to: 'Math.ceil(m / SUBLANES) * SUBLANES',
    caughtBy: { file: CORE_TIME, test: `one operation of a step on 'tpu-v4' passes few rows` },
  },
];

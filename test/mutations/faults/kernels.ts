import type { Fault } from '../fault.ts';

const BF16 = 'src/kernels/bf16.ts';
const CONFORMANCE = 'test/conformance/conformance.test.ts';

/** Faults in arithmetic and kernels. */
export const KERNEL_FAULTS: readonly Fault[] = [
  {
    name: 'truncated-bf16',
    what: 'f32 is cut to bf16 instead of rounded',
    file: BF16,
    from: 'return ((bits + 0x7fff + lowestKeptBit) | 0) >>> 16;',
    to: 'return bits >>> 16;',
    caughtBy: { file: CONFORMANCE, test: 'bf16.json 0x3f818000 tie, low bit odd -> up' },
  },
];

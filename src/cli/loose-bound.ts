import type { CollectiveResult } from '../result/index.ts';

/** Where the time may stay above the bound though nothing is wrong. */
export function looseBound({ op, axes, wires: { shape, wrap } }: Pick<CollectiveResult, 'op' | 'axes' | 'wires'>): string[] {
  if (op === 'permute') {
    return ['The bound counts every link of a cut; shortest ways to one member may use few of them, and the time stays above it then.'];
  }
  // Both ends of two chips have as many links as each other.
  const open = shape.some((side, axis) => side > 2 && !wrap[axis] && (axes === null || axes.includes('xyz'[axis])));
  if (op !== 'all-reduce' || !open) return [];
  return ['The bound adds up the links of all chips; those at the ends of open sides have fewer, and the time may stay above it.'];
}

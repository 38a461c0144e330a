import { type ResolvedWires, resolveWires, type WireOptions } from '../../src/intake/index.ts';
import type { CollectiveResult } from '../../src/result/index.ts';
import { type CollectiveInput, runCollective } from '../../src/study/index.ts';

export const MEBIBYTE = 2 ** 20;

/** An all-to-all of 1 MiB over these wires, unless said otherwise. */
export function inputOn(name: string, changes: Partial<CollectiveInput> = {}, options: WireOptions = {}): CollectiveInput {
  const { topology, speedsOf, spec }: ResolvedWires = resolveWires(name, options);
  return {
    op: 'all-to-all',
    network: 'fluid',
    topology,
    speedsOf,
    bytes: MEBIBYTE,
    traffic: null,
    routing: null,
    axes: null,
    root: null,
    shift: null,
    chunkBytes: 64 * 1024,
    slowLinks: spec.slowLinks ?? [],
    ...changes,
  };
}

export function resultOn(name: string, changes: Partial<CollectiveInput> = {}, options: WireOptions = {}): CollectiveResult {
  return { ...runCollective(inputOn(name, changes, options), { version: '0', node: 'v0', startedAt: '' }), wallSeconds: 0 };
}

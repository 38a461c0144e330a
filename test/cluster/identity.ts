import { createHash } from 'node:crypto';
import { bitsOf, type CheckPlace, type KernelCheck, openPlace } from '../../src/cluster/checks/check.ts';
import { KERNEL_CHECKS } from '../../src/cluster/checks/index.ts';
import { chooseKernelPath, createThreadExecutor, openKernels, openMemory } from '../../src/cluster/index.ts';
import { emulate } from '../../src/emulate/index.ts';
import { type KernelTable, matrixOf, STORE } from '../../src/kernels/index.ts';
import type { Dtype, TensorView } from '../../src/model/index.ts';
import { SMALL } from '../emulate/support.ts';

const MEMORY_BYTES = 48 << 20;

/** Through more than one block of k, and no side a multiple of a tile. */
const [M, K, N] = [97, 1100, 205];

function largeProduct(dtype: Dtype, transposeLeft: boolean, transposeRight: boolean): KernelCheck['run'] {
  return (on, place) => {
    const left = (transposeLeft ? place.randomTransposed : place.random)([M, K], dtype);
    const right = (transposeRight ? place.randomTransposed : place.random)([K, N], dtype);
    const target = place.empty([M, N], 'f32');
    const call = { left: matrixOf(left), right: matrixOf(right), target: matrixOf(target), transposeLeft, transposeRight };
    on.gemm({ ...call, accumulate: false, epilogue: STORE }, place.scratch(on.gemmScratchElements));
    return [target];
  };
}

/** Logits of bf16 tokens and f32 weights, and their shares. */
function routerShares(on: KernelTable, place: CheckPlace): readonly TensorView[] {
  const [tokens, dModel, experts] = [203, 768, 64];
  const [x, weights] = [place.random([tokens, dModel], 'bf16'), place.random([dModel, experts], 'f32')];
  const packed = place.scratch(on.packedElements(dModel, experts));
  const [logits, shares] = [place.empty([tokens, experts], 'f32'), place.empty([tokens, experts], 'f32')];
  const statistics = place.empty([2, tokens], 'f32');
  on.packRight(weights, packed);
  on.matmul(x, packed, logits, place.scratch(on.scratchElements(tokens, dModel, experts)));
  on.softmax(logits, 0, shares, statistics);
  return [logits, shares, statistics];
}

function hashOf(table: KernelTable, ...runs: readonly KernelCheck['run'][]): string {
  const hash = createHash('sha256');
  for (const run of runs) {
    const bits = bitsOf(table.memory.buffer, run(table, openPlace(table.memory.buffer, 0)));
    hash.update(new Uint8Array(bits.buffer));
  }
  return hash.digest('hex');
}

async function emulations(kernels: string): Promise<readonly string[]> {
  const prints: string[] = [];
  for (const threads of [1, 2, 3]) {
    const [load] = await emulate(SMALL, createThreadExecutor({ threads, kernels }));
    prints.push(`${load.fingerprint} with ${load.verification?.differingValues} differing values`);
  }
  return prints;
}

/** One hash of each part of what must not depend on the way that kernels run. */
export interface Identity {
  readonly path: string;
  readonly checks: string;
  readonly products: readonly string[];
  readonly router: string;
  /** On one thread, two and three. */
  readonly emulations: readonly string[];
}

/** Computes it on the path that is named. */
export async function identityOn(kernels: string): Promise<Identity> {
  const path = chooseKernelPath({ kernels });
  const table = openKernels(openMemory(MEMORY_BYTES, path), path).fast;
  const products = (['bf16', 'f32'] as const).map((dtype) =>
    hashOf(table, largeProduct(dtype, false, false), largeProduct(dtype, false, true), largeProduct(dtype, true, false)),
  );
  return {
    path: path.name,
    checks: hashOf(table, ...KERNEL_CHECKS.map(({ run }) => run)),
    products,
    router: hashOf(table, routerShares),
    emulations: await emulations(kernels),
  };
}

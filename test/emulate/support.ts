import {
  createInProcessExecutor,
  type EmulationJob,
  type EmulationRequest,
  type Executor,
  type KernelPair,
  openEmulationStep,
} from '../../src/emulate/index.ts';
import { createTokenSource, fillClusterCentres, type TokenLaw } from '../../src/emulate/tokens.ts';
import { createNaiveTable, createTiledTable, runStep, stepControl } from '../../src/kernels/index.ts';
import { bf16Elements, f32Elements, planArena } from '../../src/model/index.ts';
import { CLUSTERS } from '../../src/scenario/index.ts';

/** Two stacks with different group sizes, more than one layer, more experts than devices; small enough for the naive kernels. */
export const SMALL: EmulationRequest = {
  seed: 7,
  clustering: 0.2,
  dModel: 32,
  dExpert: 48,
  ffnMatrices: 3,
  experts: 8,
  devices: 4,
  tokensTravel: true,
  routerDtype: 'f32',
  dispatchDtype: 'bf16',
  stacks: [
    { stack: 'encoder', tokens: 512, groupTokens: 64, sequenceLength: 32, layers: [1, 3], groups: [0, 1, 2, 3, 4, 5, 6, 7] },
    { stack: 'decoder', tokens: 160, groupTokens: 40, sequenceLength: 10, layers: [1], groups: [0, 1, 2, 3] },
  ],
  totalLayers: 3,
  variants: [{ router: 'switch-top1', options: {}, capacityFactor: 1.25, capacityRule: 'mesh-tf' }],
  verifyShare: 0.05,
};

/** Plain memory and plain kernels: what the threads and the fast kernels must agree with. */
export function plainKernels(bytes: number): KernelPair {
  const memory = { buffer: new ArrayBuffer(bytes) };
  return { fast: createNaiveTable(memory), oracle: createTiledTable(memory) };
}

export const plainExecutor: Executor = createInProcessExecutor(plainKernels);

export function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}

/** bf16 bits of tokens first .. first + count - 1, by the plain kernels. */
export function tokenBits(law: TokenLaw, first: number, count: number): Uint16Array {
  const arena = planArena();
  const centres = arena.allocate([CLUSTERS, law.dModel], 'f32');
  const rows = arena.allocate([count, law.dModel], 'bf16');
  const memory = { buffer: new ArrayBuffer(arena.bytes) };
  fillClusterCentres(f32Elements(memory.buffer, centres), law);
  createTokenSource(law, createNaiveTable(memory), centres, rows)(first, count);
  return bf16Elements(memory.buffer, rows);
}

/** Runs the items of a job that are left on the calling thread, as one of its lanes. */
export function runItems(job: EmulationJob, buffer: ArrayBufferLike, kernels: KernelPair, lane = 0): void {
  runStep(openEmulationStep(job, buffer, kernels), stepControl(buffer, job.control), lane);
}

import { InputError } from '../base/index.ts';
import { roundInPlaceToBf16 } from '../kernels/index.ts';
import { f32Elements } from '../model/index.ts';
import { balanceBiases } from './bias.ts';
import { awaitPhase, isStopped, itemsDone, markDone, stop, takeItem } from './control.ts';
import { type EmulationJob, type Item, itemName, PHASE_OF } from './job.ts';
import type { KernelPair } from './kernel-pair.ts';
import { counts } from './memory-views.ts';
import { type GroupRouter, openGroupRouter } from './route.ts';
import { fillRouterWeights } from './router-weights.ts';
import { layerKey, stackNumber } from './shards.ts';
import { fillClusterCentres } from './tokens.ts';
import { runLane } from './verify.ts';

/**
 * Pulls items until none is left, and runs them; every thread calls this once, and so does a caller without threads.
 * When an item fails, the others are told to stop and the error names the item, unless it is the input that is wrong: that error says where by itself.
 */
export function runItems(
  job: EmulationJob,
  buffer: ArrayBufferLike,
  kernels: KernelPair,
  thread: number,
  onProgress: (done: number, total: number) => void = () => {},
): void {
  const control = counts(buffer, job.control);
  const runItem = openItems(job, buffer, kernels, thread);
  // All of them, because a phase without items says nothing about the one before it.
  const awaitPhasesBefore = (phase: number): boolean =>
    job.phaseItems.slice(0, phase).every((count, earlier) => awaitPhase(control, earlier, count));
  for (let taken = takeItem(control); taken < job.items.length; taken = takeItem(control)) {
    const item = job.items[taken];
    const phase = PHASE_OF[item.kind];
    if (isStopped(control) || !awaitPhasesBefore(phase)) return;
    try {
      runItem(item);
    } catch (error) {
      stop(control);
      if (error instanceof InputError) throw error;
      throw new Error(`${itemName(job, item)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    markDone(control, phase);
    onProgress(itemsDone(control), job.items.length);
  }
}

function openItems(job: EmulationJob, buffer: ArrayBufferLike, kernels: KernelPair, thread: number): (item: Item) => void {
  const routers = new Map<number, GroupRouter>();
  const routerOf = (stack: number): GroupRouter => {
    const router = routers.get(stack) ?? openGroupRouter(job, buffer, kernels.fast, stack, thread);
    routers.set(stack, router);
    return router;
  };
  return (item) => {
    switch (item.kind) {
      case 'centres':
        return fillCentres(job, buffer, item.stack);
      case 'weights':
        return fillLayerWeights(job, buffer, item.stack, item.row);
      case 'pack': {
        const { weights, packed } = job.stacks[item.stack].chunks[item.chunk];
        return kernels.fast.packRight(weights, packed);
      }
      case 'balance':
        return balanceBiases(job, buffer, kernels.fast, item.stack, item.chunk, thread);
      case 'route':
        return routerOf(item.stack)(item.row);
      case 'verify':
        return runLane(job, buffer, kernels, item.lane, thread);
    }
  };
}

function fillCentres(job: EmulationJob, buffer: ArrayBufferLike, stack: number): void {
  const { seed, clustering, dModel } = job.request;
  const { centres, tokens } = job.stacks[stack];
  fillClusterCentres(f32Elements(buffer, centres), { seed, stack: stackNumber(tokens.stack), clustering, dModel });
}

function fillLayerWeights(job: EmulationJob, buffer: ArrayBufferLike, stack: number, row: number): void {
  const { request } = job;
  const { chunks, tokens } = job.stacks[stack];
  for (const { firstRow, layers, weights } of chunks) {
    if (row < firstRow || row >= firstRow + layers) continue;
    const column = (row - firstRow) * request.experts;
    const key = layerKey(tokens.stack, tokens.layers[row]);
    const values = f32Elements(buffer, weights);
    fillRouterWeights(values, weights.shape[1], column, request, request.seed, key);
    if (request.routerDtype === 'bf16') roundColumnsToBf16(values, weights.shape[1], column, request.experts);
  }
}

/** Columns from .. from + count - 1 of a matrix that is `width` wide; the others belong to layers that other threads fill. */
function roundColumnsToBf16(values: Float32Array, width: number, from: number, count: number): void {
  for (let row = from; row < values.length; row += width) roundInPlaceToBf16(values.subarray(row, row + count));
}

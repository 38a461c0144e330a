import { roundInPlaceToBf16, type Step } from '../kernels/index.ts';
import { f32Elements } from '../model/index.ts';
import { balanceBiases } from './bias.ts';
import { itemName } from './item-name.ts';
import type { EmulationJob, Item } from './job.ts';
import type { KernelPair } from './kernel-pair.ts';
import { type GroupRouter, openGroupRouter } from './route.ts';
import { fillRouterWeights } from './router-weights.ts';
import { layerKey, stackNumber } from './shards.ts';
import { fillClusterCentres } from './tokens.ts';
import { runLane } from './verify.ts';

/** The emulation as a step: items of `job` by phase, over the buffer that the kernels work on. Opening it takes no time; what an item needs is opened when it runs. */
export function openEmulationStep(job: EmulationJob, buffer: ArrayBufferLike, kernels: KernelPair): Step {
  const runItem = openItems(job, buffer, kernels);
  const starts = job.phaseItems.map((_, phase) => job.phaseItems.slice(0, phase).reduce((sum, count) => sum + count, 0));
  return {
    phaseItems: job.phaseItems,
    run: (phase, item, lane) => runItem(job.items[starts[phase] + item], lane),
    name: (phase, item) => itemName(job, job.items[starts[phase] + item]),
  };
}

function openItems(job: EmulationJob, buffer: ArrayBufferLike, kernels: KernelPair): (item: Item, thread: number) => void {
  const routers = new Map<string, GroupRouter>();
  const routerOf = (stack: number, thread: number): GroupRouter => {
    const key = `${stack} ${thread}`;
    const router = routers.get(key) ?? openGroupRouter(job, buffer, kernels.fast, stack, thread);
    routers.set(key, router);
    return router;
  };
  return (item, thread) => {
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
        return routerOf(item.stack, thread)(item.row);
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

import { lookUp } from '../base/index.ts';
import { COLLECTIVES, type Collective, type CollectiveKind } from '../collectives/index.ts';
import type { Chip, Topology } from '../hardware/index.ts';
import { axisGroups, type LayoutSpec, type MeshAxis, OPTIMIZERS, type Optimizer, shardsOf, stateBytes } from '../layout/index.ts';
import { layersOf, modelFlopsPerStep, type WeightMatrix, weightCount } from '../model/index.ts';
import { ROUTERS } from '../routing/index.ts';
import { type Scenario, stackLengths } from '../scenario/index.ts';
import type { Block, Step, Tensor } from './block.ts';
import { attentionBlock } from './blocks/attention.ts';
import { embeddingBlock } from './blocks/embedding.ts';
import { feedForwardBlock } from './blocks/feed-forward.ts';
import { logitsBlock } from './blocks/logits.ts';
import { switchFeedForwardBlock } from './blocks/switch-feed-forward.ts';
import { createBuilder, type ProgramBuilder } from './builder.ts';
import { checkProgram } from './check.ts';
import type { CollectivePlan, Program, Stage } from './program.ts';
import { type Sizes, sizesOf } from './sizes.ts';
import { switchShape } from './switch-shape.ts';

/** Lowers one training step (forward, backward, gradient reduction, optimizer) into a checked program. Throws InputError for what cannot be cut. */
export function lowerStep(scenario: Scenario, chip: Chip, topology: Topology): Program {
  const sizes = sizesOf(scenario, chip);
  const builder = createBuilder(sizes.core);
  const plans = createPlans(topology, scenario.layout);
  const lowering: Lowering = { scenario, sizes, builder, plans, afterNext: [] };

  const blocks = blocksOf(scenario, sizes);
  const forwardRanges = blocks.map((block) => emitForward(lowering, block));
  const reductions = emitBackward(lowering, blocks, forwardRanges);
  emitOptimizer(lowering, blocks, reductions);

  const { tasks, collectives, buffers, names } = builder.finish();
  const slowdown = new Float64Array(topology.devices).fill(1);
  for (const { device, factor } of scenario.topology.slowDevices) slowdown[device] = factor;
  const program: Program = {
    devices: topology.devices,
    tasks,
    collectives,
    plans: plans.all,
    buffers,
    names,
    slowdown,
    modelFlops: modelFlopsPerStep(
      scenario.model,
      { sequences: scenario.workload.sequences, length: stackLengths(scenario) },
      lookUp(ROUTERS, scenario.routing.router, 'E_ROUTER_UNKNOWN', 'routing.router').topK,
    ),
    executedFlops: topology.devices * tasks.mxuFlops.reduce((sum, flops) => sum + flops, 0),
  };
  checkProgram(program);
  return program;
}

interface Lowering {
  readonly scenario: Scenario;
  readonly sizes: Sizes;
  readonly builder: ProgramBuilder;
  readonly plans: Plans;
  /** Collectives that the next computation has to wait for. */
  afterNext: number[];
}

/** Task range of a block's forward pass. */
interface Range {
  readonly first: number;
  readonly last: number;
}

/** A block whose weights are ready to be updated once `after` is done. */
interface Reduction {
  readonly block: Block;
  readonly gradientsFrom: number;
  readonly after: readonly number[];
}

function blocksOf(scenario: Scenario, sizes: Sizes): Block[] {
  const { model } = scenario;
  const lengths = stackLengths(scenario);
  const layers = layersOf(model).flatMap((layer) => {
    const name = `${layer.stack} ${layer.index}`;
    const length = lengths[layer.stack];
    const blocks = [attentionBlock(sizes, { name: `${name} attention`, queryLength: length, keyLength: length, cross: false })];
    if (layer.crossAttention) {
      blocks.push(attentionBlock(sizes, { name: `${name} cross-attention`, queryLength: length, keyLength: lengths.encoder, cross: true }));
    }
    blocks.push(
      layer.feedForward === 'switch'
        ? switchFeedForwardBlock(sizes, switchShape(scenario, layer.stack), `${name} switch ffn`)
        : feedForwardBlock(sizes, layer.stack, `${name} ffn`),
    );
    return blocks;
  });
  return [embeddingBlock(sizes, scenario.workload.embedding), ...layers, logitsBlock(sizes)];
}

function emitForward(lowering: Lowering, block: Block, stage: 'fw' | 'recompute' = 'fw'): Range {
  const first = lowering.builder.taskCount;
  emitSteps(lowering, block, block.forward, stage);
  const last = lowering.builder.taskCount - 1;
  for (const tensor of block.workingForward) lowering.builder.buffer(tensor.name, tensor.bytes, first, last);
  return { first, last };
}

/** Blocks backwards; gradients are reduced block by block, behind the backward pass or after all of it. */
function emitBackward(lowering: Lowering, blocks: readonly Block[], forwardRanges: readonly Range[]): Reduction[] {
  const { builder, scenario } = lowering;
  const pending: { block: Block; gradientsFrom: number }[] = [];
  const reductions: Reduction[] = [];
  for (let index = blocks.length - 1; index >= 0; index--) {
    const block = blocks[index];
    const recomputes = scenario.workload.remat === 'full' && block.saved.length > 0;
    const again = recomputes ? emitForward(lowering, block, 'recompute') : forwardRanges[index];
    const gradientsFrom = builder.taskCount;
    emitSteps(lowering, block, block.backward, null);
    const last = builder.taskCount - 1;
    keep(builder, block.saved, again.first, last);
    keep(builder, [block.input], forwardRanges[index].first, last);
    keep(builder, block.workingBackward, gradientsFrom, last);
    if (block.weights.length === 0) continue;
    if (scenario.layout.overlapGradients) {
      reductions.push({ block, gradientsFrom, after: emitReduction(lowering, block, [last]) });
    } else {
      pending.push({ block, gradientsFrom });
    }
  }
  // Without overlap the reductions queue up behind the backward pass, and no update starts before the last of them.
  let after: readonly number[] = [builder.taskCount - 1];
  for (const { block } of pending) after = chained(emitReduction(lowering, block, after), after);
  for (const { block, gradientsFrom } of pending) reductions.push({ block, gradientsFrom, after });
  return reductions;
}

/** Sums replicated gradients over the data axis; a device that holds all copies alone has nothing to send. */
function emitReduction(lowering: Lowering, block: Block, after: readonly number[]): number[] {
  const { sizes, builder, plans, scenario } = lowering;
  const experts = shardsOf(scenario.layout).experts;
  const replicated = block.weights.filter((weights) => !(weights.expert && experts > 1));
  if (scenario.layout.ici.data === 1) return [];
  const bytes = weightCount(replicated) * sizes.activationBytes;
  const label = { name: `${block.name}: gradient all-reduce`, part: 'gradient all-reduce', stage: 'wgrad' as const };
  return [builder.collective(label, { kind: 'all-reduce', meshAxis: 'data', plan: plans.row('all-reduce', 'data', bytes) }, after)];
}

/** What the next in a queue waits for: the one just queued, or what that would have waited for. */
function chained(queued: readonly number[], after: readonly number[]): readonly number[] {
  return queued.length > 0 ? queued : after;
}

/** One update per block, as soon as its gradients are reduced; gradients live until then, state for the whole step. */
function emitOptimizer(lowering: Lowering, blocks: readonly Block[], reductions: readonly Reduction[]): void {
  const { builder, scenario, sizes } = lowering;
  const { optimizer } = scenario.workload;
  const rule: Optimizer = OPTIMIZERS[optimizer];
  for (const { block, gradientsFrom, after } of reductions) {
    const count = localWeights(block.weights, scenario.layout);
    const bytesPerWeight =
      rule.weightPasses * sizes.weightBytes + rule.gradientPasses * sizes.activationBytes + rule.statePassesPerWeight * 4;
    const task = builder.compute(
      { name: `${block.name}: ${optimizer}`, part: 'optimizer', stage: 'optim' },
      { matmuls: [], vectorOps: rule.vectorOpsPerWeight * count, hbmBytes: bytesPerWeight * count },
      after,
    );
    const state = stateBytes(block.weights, scenario.layout, optimizer, scenario.precision);
    builder.buffer('gradients', state.gradients, gradientsFrom, task);
  }
  const all = stateBytes(
    blocks.flatMap((block) => block.weights),
    scenario.layout,
    optimizer,
    scenario.precision,
  );
  builder.buffer('weights', all.weights, -1, -1);
  builder.buffer('optimizer state', all.optimizer, -1, -1);
}

/** Emits a block's steps; `stage` overrides each step's own when the forward pass is repeated. */
function emitSteps(lowering: Lowering, block: Block, steps: readonly Step[], stage: 'fw' | 'recompute' | null): void {
  const { builder, plans } = lowering;
  for (const step of steps) {
    const label = { name: `${block.name}: ${step.name}`, part: step.part, stage: stageOf(step, stage) };
    if (step.kind === 'collective') {
      const plan = plans.row(step.collective, step.meshAxis, step.bytes);
      const after = [...lowering.afterNext, builder.taskCount - 1].filter((task) => task >= 0);
      lowering.afterNext = [builder.collective(label, { kind: step.collective, meshAxis: step.meshAxis, plan }, after)];
    } else {
      builder.compute(label, step.work, lowering.afterNext);
      lowering.afterNext = [];
    }
  }
}

function stageOf(step: Step, override: 'fw' | 'recompute' | null): Stage {
  return override ?? step.stage;
}

function keep(builder: ProgramBuilder, tensors: readonly Tensor[], from: number, to: number): void {
  for (const tensor of tensors) builder.buffer(tensor.name, tensor.bytes, from, to);
}

function localWeights(weights: readonly WeightMatrix[], layout: LayoutSpec): number {
  const shards = shardsOf(layout).experts;
  return weights.reduce((sum, matrix) => sum + weightCount([matrix]) / (matrix.expert ? shards : 1), 0);
}

/** Collective plans, each made once per (kind, axis, bytes). */
interface Plans {
  readonly all: CollectivePlan[];
  row(kind: CollectiveKind, axis: MeshAxis, bytes: number): number;
}

function createPlans(topology: Topology, layout: LayoutSpec): Plans {
  const all: CollectivePlan[] = [];
  const rows = new Map<string, number>();
  return {
    all,
    row(kind, axis, bytes) {
      const key = `${kind} ${axis} ${bytes}`;
      const known = rows.get(key);
      if (known !== undefined) return known;
      const collective: Collective = COLLECTIVES[kind];
      const groups = axisGroups(layout, axis).map((devices) => collective.plan({ topology, devices, bytes }));
      const sentBytesPerDevice = collective.sentBytesPerDevice(bytes, layout.ici[axis]);
      const row = all.push({ kind, groups, sentBytesPerDevice }) - 1;
      rows.set(key, row);
      return row;
    },
  };
}

import type { Block, Step, Tensor } from './block.ts';
import type { ProgramBuilder } from './builder.ts';
import type { Plans } from './plans.ts';
import type { Stage } from './program.ts';

/** A program under construction, and how collectives are planned. */
export interface Emission {
  readonly builder: ProgramBuilder;
  readonly plans: Plans;
}

/** First and last task of a block's pass. */
export interface TaskRange {
  readonly first: number;
  readonly last: number;
}

/** Appends the forward pass of a block, or its repetition. */
export function emitForward(emission: Emission, block: Block, stage: 'fw' | 'recompute'): TaskRange {
  const range = emitSteps(emission, block, block.forward, stage);
  keep(emission.builder, block.workingForward, range);
  return range;
}

/** Appends the backward pass of a block, each step in its own stage. */
export function emitBackward(emission: Emission, block: Block): TaskRange {
  const range = emitSteps(emission, block, block.backward, null);
  keep(emission.builder, block.workingBackward, range);
  return range;
}

export function keep(builder: ProgramBuilder, tensors: readonly Tensor[], { first, last }: TaskRange): void {
  for (const tensor of tensors) builder.buffer(tensor.name, tensor.bytes, first, last);
}

/** A collective waits for the computation before it, and the computation behind it waits for the collective. */
function emitSteps({ builder, plans }: Emission, block: Block, steps: readonly Step[], override: Stage | null): TaskRange {
  const first = builder.taskCount;
  let awaited: number[] = [];
  for (const step of steps) {
    const label = { name: `${block.name}: ${step.name}`, part: step.part, stage: override ?? step.stage };
    if (step.kind === 'collective') {
      const plan = plans.row(step.collective, step.meshAxis, step.bytes, step.traffic);
      awaited = [builder.collective(label, { kind: step.collective, meshAxis: step.meshAxis, plan }, [...awaited, builder.taskCount - 1])];
    } else {
      builder.compute(label, step.works, awaited);
      awaited = [];
    }
  }
  return { first, last: builder.taskCount - 1 };
}

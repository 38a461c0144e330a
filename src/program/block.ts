import type { Bytes } from '../base/index.ts';
import type { CollectiveKind } from '../collectives/index.ts';
import type { Work } from '../hardware/index.ts';
import type { MeshAxis } from '../layout/index.ts';
import type { WeightMatrix } from '../model/index.ts';
import type { Stage } from './program.ts';

/** One fused operation of a block. */
export interface ComputeStep {
  readonly kind: 'compute';
  readonly name: string;
  readonly part: string;
  readonly stage: Stage;
  /** One entry where all devices do the same, else [devices]. */
  readonly works: readonly Work[];
}

/** A collective that the block's next operation waits for. */
export interface CollectiveStep {
  readonly kind: 'collective';
  readonly name: string;
  readonly part: string;
  readonly stage: Stage;
  readonly collective: CollectiveKind;
  readonly meshAxis: MeshAxis;
  /** As `CollectiveRequest` has them: of one device, or of the mean device where `traffic` says who sends how much to whom. */
  readonly bytes: Bytes;
  /** [members, members], row = source; all-to-all only, null when every member sends as much to every other. */
  readonly traffic: Float64Array | null;
}

export type Step = ComputeStep | CollectiveStep;

/** A tensor that stays in memory; bytes per device. */
export interface Tensor {
  readonly name: string;
  readonly bytes: Bytes;
}

/**
 * A sub-layer as plain data: what runs forward, what runs backward (in execution order), and what has to stay in memory in between.
 * Blocks know shapes; only `lower.ts` knows tasks, dependencies and stages.
 */
export interface Block {
  readonly name: string;
  readonly forward: readonly Step[];
  readonly backward: readonly Step[];
  /** Under full rematerialisation the forward pass is repeated and only `input` is kept. */
  readonly recomputable: boolean;
  /** Kept even under full rematerialisation. */
  readonly input: Tensor;
  /** The encoder's output, when the block reads it: shared by all blocks that do, and its gradient is summed over them. */
  readonly encoderOutput: Tensor | null;
  /** Kept from forward to backward, unless recomputed. */
  readonly saved: readonly Tensor[];
  /** Alive only while the block's forward or backward pass runs. */
  readonly workingForward: readonly Tensor[];
  readonly workingBackward: readonly Tensor[];
  readonly weights: readonly WeightMatrix[];
}

/** A computation; matrix products, element-wise operations and HBM bytes default to none. */
export function compute(stage: Stage, part: string, name: string, work: Partial<Work>): ComputeStep {
  return { kind: 'compute', stage, part, name, works: [{ matmuls: [], vectorOps: 0, hbmBytes: 0, ...work }] };
}

/** The same operations, written down for each device, as steps that know what every device does. Collectives are the same for all. */
export function acrossDevices(steps: readonly (readonly Step[])[]): Step[] {
  return steps[0].map((first, row) => {
    if (first.kind === 'collective') return first;
    return { ...first, works: steps.flatMap((own) => (own[row].kind === 'compute' ? own[row].works : [])) };
  });
}

/** An SPMD program has one size for a buffer, enough for the device that needs most. */
export function largestTensors(tensors: readonly (readonly Tensor[])[]): Tensor[] {
  return tensors[0].map((first, row) => ({ ...first, bytes: tensors.reduce((most, own) => Math.max(most, own[row].bytes), 0) }));
}

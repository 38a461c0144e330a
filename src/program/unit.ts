import type { Bytes } from '../base/index.ts';
import type { CollectiveKind } from '../collectives/index.ts';
import type { Work } from '../hardware/index.ts';
import type { MeshGroup } from '../layout/index.ts';
import type { WeightMatrix } from '../model/index.ts';
import type { Stage } from './program.ts';

/** What the steps of a unit have in common. Names of tensors and weight groups are those of the unit. */
interface StepBase {
  readonly name: string;
  /** What the step is part of (attention, dense ffn, router, dispatch, experts, ...). */
  readonly part: string;
  readonly stage: Stage;
  /** Tensors that must be there. */
  readonly reads: readonly string[];
  /** Tensors that are there afterwards. */
  readonly makes: readonly string[];
  /**
   * Neighbours with the same number > 0 are one pipeline: they may be cut into the layout's pieces along the tokens, so that the collectives of one
   * piece run behind the computations of another. 0: not cut.
   */
  readonly segment: number;
}

/** One fused operation. */
export interface ComputeStep extends StepBase {
  readonly kind: 'compute';
  /** One entry where all devices do the same, else [devices]. */
  readonly works: readonly Work[];
  /** Weight groups whose matrices it multiplies with: whole along fsdp, so they are gathered before. */
  readonly uses: readonly string[];
  /** Weight groups whose gradient it makes a part of. */
  readonly gradients: readonly string[];
}

/** A collective that the next step waits for. */
export interface CollectiveStep extends StepBase {
  readonly kind: 'collective';
  readonly collective: CollectiveKind;
  readonly group: MeshGroup;
  /** As `CollectiveRequest` has them: of one device, or of the mean device where `traffic` says who sends how much to whom. */
  readonly bytes: Bytes;
  /** [members, members], row = source; all-to-all only, null when every member sends as much to every other. */
  readonly traffic: Float64Array | null;
}

export type Step = ComputeStep | CollectiveStep;

/** An activation or gradient of one device and microbatch. */
export interface Tensor {
  /** Unique in its unit. What one unit calls its `output` is what the next one calls its `input`. */
  readonly name: string;
  /** What memory profiles add it to. */
  readonly label: string;
  readonly bytes: Bytes;
  /** The name by which rematerialisation policies place it; null: as the policy says of the rest. */
  readonly remat: string | null;
}

/** Matrices that are gathered, reduced and updated together, e.g. those of one attention. */
export interface WeightGroup {
  readonly name: string;
  readonly matrices: readonly WeightMatrix[];
}

/**
 * What is rematerialised as one, as plain data: a Transformer layer, the embedding, the logits. Steps are in the order of execution, and say what they
 * read and make; only the lowering knows tasks, dependencies, live ranges, gathers and reductions of weights, and what is made again.
 */
export interface Unit {
  /** e.g. `decoder 3`. */
  readonly name: string;
  /** Units of one kind are equal but for their names. */
  readonly kind: string;
  readonly tensors: readonly Tensor[];
  /**
   * Tensor that comes from the unit before, and tensor that the next one reads; null at the ends. The backward pass reads `gradientOf(output)` and makes
   * `gradientOf(input)`.
   */
  readonly input: string | null;
  readonly output: string | null;
  readonly forward: readonly Step[];
  /** Empty where nothing is learned. */
  readonly backward: readonly Step[];
  readonly weights: readonly WeightGroup[];
  /** Groups of the embedding that it multiplies with too, and to whose gradient it adds: an output matrix that is the embedding's. They are stored and updated there. */
  readonly tied: readonly WeightGroup[];
  /** Tensors of `tensors` that are there for the whole step: caches of keys and values, what a teacher said. */
  readonly resident: readonly string[];
  /**
   * Units in a row that name the same loop are its turns: what they keep on the device for the backward pass, and the gradients of their weights, are parts of
   * stacked arrays, which are there as long as the loop runs. Null: it stands alone.
   */
  readonly loop: string | null;
  /** False: nothing of it is made again, whatever the policy says (embedding, logits). */
  readonly recomputable: boolean;
  /** It reads `ENCODER_OUTPUT`, which lives from its first reader to the end of that one's backward pass, and adds to its gradient. */
  readonly readsEncoder: boolean;
}

/** Name that every unit has for the output of the encoder. */
export const ENCODER_OUTPUT = 'encoder output';

/** Name of a tensor's gradient. */
export function gradientOf(tensor: string): string {
  return `d ${tensor}`;
}

/** Names that all units share: the encoder's output has many readers. */
export function isShared(name: string): boolean {
  return name === ENCODER_OUTPUT || name === gradientOf(ENCODER_OUTPUT);
}

/** What a step may leave out: nothing read, made, multiplied with or learned, no pipeline. */
export interface StepLinks {
  readonly reads?: readonly string[];
  readonly makes?: readonly string[];
  readonly uses?: readonly string[];
  readonly gradients?: readonly string[];
  readonly segment?: number;
}

const NONE: readonly string[] = [];

/** A computation that all devices do alike; matrix products, element-wise operations and HBM bytes default to none. */
export function compute(stage: Stage, part: string, name: string, input: StepLinks & { readonly work?: Partial<Work> }): ComputeStep {
  const { work, reads = NONE, makes = NONE, uses = NONE, gradients = NONE, segment = 0 } = input;
  const full: Work = { matmuls: work?.matmuls ?? [], vectorOps: work?.vectorOps ?? 0, hbmBytes: work?.hbmBytes ?? 0 };
  return { kind: 'compute', stage, part, name, works: [full], reads, makes, uses, gradients, segment };
}

/** Name of a step among all of a program: `encoder 3 attention: scores`, `embedding: gather`. */
export function stepName(unit: string, step: string): string {
  return step.includes(':') ? `${unit} ${step}` : `${unit}: ${step}`;
}

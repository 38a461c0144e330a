import type { KernelPath } from '../../../cluster/index.ts';
import type { KernelMemory, Limits } from '../../../kernels/index.ts';
import type { Dtype } from '../../../model/index.ts';
import type { ProductCase } from './cases.ts';
import type { MemoryPlan } from './memory-plan.ts';

/** What every thread of the benchmark is given at its start. */
export interface ThreadSetup {
  readonly memory: KernelMemory;
  readonly plan: MemoryPlan;
  readonly paths: readonly KernelPath[];
}

/** What a thread is asked to do. Tasks with one `gate` begin together: when as many lanes as it says have come to it since the start. */
export type ThreadTask = LimitTask | (WorkTask & { readonly lane: number; readonly gate: number });

export interface LimitTask {
  readonly kind: 'limits';
  readonly milliseconds: number;
}

/** Work of one lane or of several, on a path by its number. */
export type WorkTask =
  /** The same product again and again, by each lane on operands of its own. */
  | { readonly kind: 'product'; readonly path: number; readonly product: ProductCase; readonly dtype: Dtype; readonly repeats: number }
  /** Items that the lanes share. */
  | { readonly kind: 'items'; readonly path: number; readonly items: number }
  /** One pass of a layer, whose items the lanes share. */
  | { readonly kind: 'layer'; readonly path: number; readonly layer: number; readonly pass: LayerPass };

export type LayerPass = 'forward' | 'backward';

/** From the begin of the first thing to the end of the last one, by a clock that all threads share; milliseconds. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** How long the work of a lane took, or that of all. */
export interface WorkTimes {
  readonly phases: readonly Span[];
  /** Milliseconds in matrix products, of all lanes together; 0 where nothing else is done. */
  readonly gemmMs: number;
}

/** Null where WebAssembly SIMD does not run. */
export type ThreadAnswer = { readonly limits: Limits | null } | WorkTimes;

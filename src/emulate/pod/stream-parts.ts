import { type Phase, rowsOf } from '../../kernels/index.ts';
import type { TensorView } from '../../model/index.ts';
import { streamParts } from './cores.ts';
import { allGather, allReduce, reduceScatter } from './exchange.ts';
import type { Pod } from './open-pod.ts';
import type { CorePlan } from './plan.ts';

/**
 * Activations between sub-layers: whole on every member of the tensor axis, or cut by tokens into one part each (Korthikanti et al. 2022, arXiv 2205.05198, section 4.2.2).
 * Where they are cut, norms and residuals see the part, products read a copy that is gathered before them, and partial sums are reduce-scattered behind them.
 */

/** Brings parts of the stream together where there are several. Copies of a core take turns in one place: what a backward pass reads again, it gathers again. */
export function gatherStream(pod: Pod, partsOf: (core: CorePlan) => TensorView): Phase[] {
  if (streamParts(pod.plan.request.layout) === 1) return [];
  return allGather(pod, pod.tensor, partsOf, (core) => wholeOf(core, partsOf(core)));
}

/** What products read of a part of the stream: the copy [T, D] that was gathered last, or the part itself where it is everything. */
export function wholeOf({ scratch }: CorePlan, part: TensorView): TensorView {
  return scratch.gathered ?? part;
}

/** Those rows of a tensor [T, ..] that are of the core's part. */
export function partOf({ firstOfPart, tokensOfPart }: CorePlan, whole: TensorView): TensorView {
  return rowsOf(whole, firstOfPart, tokensOfPart);
}

/** Members of the tensor axis add up what each has of a sum [T, D]: all of them get all of it, in place, or each its part, in the place of those rows or in `targetOf`. */
export function sumStream(
  pod: Pod,
  partialOf: (core: CorePlan) => TensorView,
  targetOf: (core: CorePlan) => TensorView = (core) => partOf(core, partialOf(core)),
): Phase[] {
  if (streamParts(pod.plan.request.layout) === 1) return allReduce(pod, pod.tensor, partialOf);
  // Activations of a microbatch are not added to those of the one before.
  return reduceScatter({ ...pod, isFirst: true }, pod.tensor, partialOf, targetOf);
}

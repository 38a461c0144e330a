import type { Phase } from '../../kernels/index.ts';
import { BYTES_PER_ELEMENT, byteLength, elementCount, type TensorView } from '../../model/index.ts';
import { addUp } from './add-up.ts';
import type { Fellows } from './cores.ts';
import { copy, copyBytes } from './elements.ts';
import { type CorePhase, onEachCore, type Pod } from './open-pod.ts';
import type { CorePlan, ExchangeKind } from './plan.ts';
import type { TrafficCounts } from './traffic.ts';

/**
 * Collectives over the memory of a pod. They move the bytes that the algorithms of real wires move (every core gets each part that it lacks once), add in the order of the
 * members, whoever comes first, and count what each core got from whom.
 */

type ViewOf = (core: CorePlan) => TensorView;

/** Every core gets the parts of its fellows, in their order. */
export function allGather(pod: Pod, fellows: Fellows, partOf: ViewOf, wholeOf: ViewOf): CorePhase[] {
  const { cores, elements } = pod;
  const phase = onEachCore(pod, `all-gather over ${fellows.name}`, (core) => {
    const bytes = byteLength(partOf(core));
    let to = wholeOf(core).offset;
    for (const member of fellows.membersOf[core.core]) {
      copyBytes(elements.halves, partOf(cores[member]).offset, to, bytes);
      to += bytes;
    }
    countedOfAll(pod, 'all-gather', fellows, core, bytes);
  });
  return [phase];
}

/** Every core gets its part of the sum, on top of what it has from microbatches before. */
export function reduceScatter(pod: Pod, fellows: Fellows, wholeOf: ViewOf, partOf: ViewOf): CorePhase[] {
  const { cores, elements } = pod;
  const phase = onEachCore(pod, `reduce-scatter over ${fellows.name}`, (core) => {
    const { offset, shape, dtype } = partOf(core);
    const bytes = byteLength({ offset, shape, dtype });
    const from = fellows.indexOf[core.core] * bytes;
    const parts = fellows.membersOf[core.core].map((member) => wholeOf(cores[member]).offset + from);
    addUp(elements, dtype, pod.isFirst ? parts : [offset, ...parts], offset, elementCount(shape));
    countedOfAll(pod, 'reduce-scatter', fellows, core, bytes);
  });
  return [phase];
}

/** Every core gets the sum, in its own place: a reduce-scatter of parts and an all-gather of sums. */
export function allReduce(pod: Pod, fellows: Fellows, viewOf: ViewOf): CorePhase[] {
  if (fellows.size === 1) return [];
  const { elements } = pod;
  const partOf = (core: CorePlan, index: number): TensorView => {
    const view = viewOf(core);
    const [from, to] = partBounds(elementCount(view.shape), fellows.size, index);
    return slice(view, from, to - from);
  };
  const reduce = (parts: readonly TensorView[], { offset, shape, dtype }: TensorView): void => {
    addUp(
      elements,
      dtype,
      parts.map((part) => part.offset),
      offset,
      elementCount(shape),
    );
  };
  return reducedInParts(pod, fellows, partOf, reduce, (from, to) => copy(elements, from, to));
}

/**
 * The two phases of an all-reduce whose parts are made by `reduce` and sent by `send`: nobody but its owner writes a part in the first, and nobody but the others in the
 * second, so that all happens in place.
 */
export function reducedInParts<Part extends { readonly shape: readonly number[]; readonly dtype: TensorView['dtype'] }>(
  pod: Pod,
  fellows: Fellows,
  partOf: (core: CorePlan, index: number) => Part,
  reduce: (parts: readonly Part[], own: Part) => void,
  send: (from: Part, to: Part) => void,
): CorePhase[] {
  const { cores } = pod;
  return [
    onEachCore(pod, `all-reduce over ${fellows.name}: sums`, (core) => {
      const index = fellows.indexOf[core.core];
      const own = partOf(core, index);
      const members = fellows.membersOf[core.core];
      reduce(
        members.map((member) => partOf(cores[member], index)),
        own,
      );
      for (const member of members) counted(pod, 'all-reduce', fellows, core, member, byteSize(own));
    }),
    onEachCore(pod, `all-reduce over ${fellows.name}: all sums`, (core) => {
      for (const [index, member] of fellows.membersOf[core.core].entries()) {
        if (member === core.core) continue;
        const part = partOf(cores[member], index);
        send(part, partOf(core, index));
        counted(pod, 'all-reduce', fellows, core, member, byteSize(part));
      }
    }),
  ];
}

/** Every core that works gets a tensor of the one at its place in another stage. */
export function permute(pod: Pod, fellows: Fellows, from: number, viewOf: ViewOf): Phase[] {
  const phase = onEachCore(pod, `permute over ${fellows.name}`, (core) => {
    const source = pod.cores[fellows.membersOf[core.core][from]];
    const view = viewOf(source);
    move(pod, view, viewOf(core));
    counted(pod, 'permute', fellows, core, source.core, byteSize(view));
  });
  return [phase];
}

/** Part `index` of so many elements in `parts` parts of like size. */
export function partBounds(elements: number, parts: number, index: number): [number, number] {
  return [Math.floor((elements * index) / parts), Math.floor((elements * (index + 1)) / parts)];
}

export function counted({ countsOf }: Pod, kind: ExchangeKind, { name }: Fellows, to: CorePlan, from: number, bytes: number): void {
  count(countsOf(kind, name), to.core, from, bytes);
}

/** So many bytes from each member of a core's group. */
function countedOfAll({ countsOf }: Pod, kind: ExchangeKind, { name, membersOf }: Fellows, { core: to }: CorePlan, bytes: number): void {
  const counts = countsOf(kind, name);
  for (const from of membersOf[to]) count(counts, to, from, bytes);
}

function count({ cores, bytes: counts }: TrafficCounts, to: number, from: number, bytes: number): void {
  if (from !== to) counts[to * cores + from] += bytes;
}

/** So many elements of a view, as a flat one. */
export function slice({ offset, dtype }: TensorView, from: number, elements: number): TensorView {
  return { offset: offset + from * BYTES_PER_ELEMENT[dtype], shape: [elements], dtype };
}

export function move({ elements }: Pod, from: TensorView, to: TensorView): void {
  copy(elements, from, to);
}

function byteSize({ shape, dtype }: { readonly shape: readonly number[]; readonly dtype: TensorView['dtype'] }): number {
  return elementCount(shape) * BYTES_PER_ELEMENT[dtype];
}

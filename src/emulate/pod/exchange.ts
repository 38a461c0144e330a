import { type Phase, roundArrayToBf16, widenBf16 } from '../../kernels/index.ts';
import { BYTES_PER_ELEMENT, bf16Elements, elementCount, f32Elements, type TensorView } from '../../model/index.ts';
import type { Fellows } from './cores.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import type { CorePlan, ExchangeKind } from './plan.ts';

/**
 * Collectives over the memory of a pod. They move the bytes that the algorithms of real wires move (every core gets each part that it lacks once), add in the order of the
 * members, whoever comes first, and count what each core got from whom.
 */

type ViewOf = (core: CorePlan) => TensorView;

/** Every core gets the parts of its fellows, in their order. */
export function allGather(pod: Pod, fellows: Fellows, partOf: ViewOf, wholeOf: ViewOf): Phase[] {
  const phase = onEachCore(pod, `all-gather over ${fellows.name}`, (core) => {
    const whole = wholeOf(core);
    for (const [index, member] of fellows.membersOf[core.core].entries()) {
      const part = partOf(pod.cores[member]);
      move(pod, part, slice(whole, index * elementCount(part.shape), elementCount(part.shape)));
      counted(pod, 'all-gather', fellows, core, member, byteSize(part));
    }
  });
  return [phase];
}

/** Every core gets its part of the sum, on top of what it has from microbatches before. */
export function reduceScatter(pod: Pod, fellows: Fellows, wholeOf: ViewOf, partOf: ViewOf): Phase[] {
  const phase = onEachCore(pod, `reduce-scatter over ${fellows.name}`, (core) => {
    const part = partOf(core);
    const elements = elementCount(part.shape);
    const from = fellows.indexOf[core.core] * elements;
    const parts = fellows.membersOf[core.core].map((member) => slice(wholeOf(pod.cores[member]), from, elements));
    addUp(pod, pod.isFirst ? parts : [part, ...parts], part);
    for (const member of fellows.membersOf[core.core]) counted(pod, 'reduce-scatter', fellows, core, member, byteSize(part));
  });
  return [phase];
}

/** Every core gets the sum, in its own place: a reduce-scatter of parts and an all-gather of sums. */
export function allReduce(pod: Pod, fellows: Fellows, viewOf: ViewOf): Phase[] {
  if (fellows.size === 1) return [];
  const partOf = (core: CorePlan, index: number): TensorView => {
    const view = viewOf(core);
    const [from, to] = partBounds(elementCount(view.shape), fellows.size, index);
    return slice(view, from, to - from);
  };
  return reducedInParts(
    pod,
    fellows,
    partOf,
    (parts, own) => addUp(pod, parts, own),
    (from, to) => move(pod, from, to),
  );
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
): Phase[] {
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

export function counted({ count }: Pod, kind: ExchangeKind, { name }: Fellows, to: CorePlan, from: number, bytes: number): void {
  if (from !== to.core) count(kind, name, to.core, from, bytes);
}

/** So many elements of a view, as a flat one. */
export function slice({ offset, dtype }: TensorView, from: number, elements: number): TensorView {
  return { offset: offset + from * BYTES_PER_ELEMENT[dtype], shape: [elements], dtype };
}

export function move({ buffer }: Pod, from: TensorView, to: TensorView): void {
  if (from.offset !== to.offset) new Uint8Array(buffer, to.offset, byteSize(to)).set(new Uint8Array(buffer, from.offset, byteSize(from)));
}

function byteSize({ shape, dtype }: { readonly shape: readonly number[]; readonly dtype: TensorView['dtype'] }): number {
  return elementCount(shape) * BYTES_PER_ELEMENT[dtype];
}

/** So many sums at once: they stay in the first-level cache. */
const BLOCK = 2048;
const sums = new Float32Array(BLOCK);
const wide = new Float32Array(BLOCK);

/** target = the sum of the parts in their order, in f32; one of them may be the target itself. */
function addUp({ buffer }: Pod, parts: readonly TensorView[], target: TensorView): void {
  const elements = elementCount(target.shape);
  const isWide = target.dtype === 'f32';
  const views = parts.map((part) => (isWide ? f32Elements(buffer, part) : bf16Elements(buffer, part)));
  const result = isWide ? f32Elements(buffer, target) : bf16Elements(buffer, target);
  for (let from = 0; from < elements; from += BLOCK) {
    const count = Math.min(BLOCK, elements - from);
    for (const [index, view] of views.entries()) {
      const isFirst = index === 0;
      if (view instanceof Float32Array) addWide(view, from, count, isFirst);
      else addNarrow(view, from, count, isFirst);
    }
    const block = sums.subarray(0, count);
    if (result instanceof Float32Array) result.set(block, from);
    else roundArrayToBf16(block, result.subarray(from, from + count));
  }
}

function addWide(values: Float32Array, from: number, count: number, isFirst: boolean): void {
  if (isFirst) for (let i = 0; i < count; i++) sums[i] = values[from + i];
  else for (let i = 0; i < count; i++) sums[i] += values[from + i];
}

function addNarrow(bits: Uint16Array, from: number, count: number, isFirst: boolean): void {
  widenBf16(bits.subarray(from, from + count), wide);
  addWide(wide, 0, count, isFirst);
}

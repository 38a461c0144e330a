import { byteLength, type TensorView } from '../../model/index.ts';
import { setUpdatesDone, updatesDone } from './health.ts';
import { type KeptTensor, keptTensors, placeOfShard } from './optimizer-state.ts';
import type { HeldParameter, PodPlan } from './plan.ts';

/** What a step leaves for the next one: numbers that several cores store stand in it once. */
export interface PodState {
  readonly updates: number;
  readonly bytes: Uint8Array;
}

/** A tensor of the state, and where else the same numbers stand. */
interface StatePart {
  readonly view: TensorView;
  readonly copies: readonly TensorView[];
}

export function readState(plan: PodPlan, buffer: ArrayBufferLike): PodState {
  const parts = partsOf(plan);
  const bytes = new Uint8Array(stateBytes(plan));
  let at = 0;
  for (const { view } of parts) {
    bytes.set(bytesAt(buffer, view), at);
    at += byteLength(view);
  }
  return { updates: updatesDone(plan, buffer), bytes };
}

/** Into a pod whose step 0 has run. */
export function writeState(plan: PodPlan, buffer: ArrayBufferLike, { updates, bytes }: PodState): void {
  let at = 0;
  for (const { view, copies } of partsOf(plan)) {
    const values = bytes.subarray(at, at + byteLength(view));
    for (const one of [view, ...copies]) bytesAt(buffer, one).set(values);
    at += values.length;
  }
  setUpdatesDone(plan, buffer, updates);
}

/** A whole number of words of four bytes. */
export function stateBytes(plan: PodPlan): number {
  return 4 * Math.ceil(partsOf(plan).reduce((sum, { view }) => sum + byteLength(view), 0) / 4);
}

function bytesAt(buffer: ArrayBufferLike, view: TensorView): Uint8Array {
  return new Uint8Array(buffer, view.offset, byteLength(view));
}

function partsOf({ parameters, layers, microbatches }: PodPlan): StatePart[] {
  const [cores] = microbatches;
  const biases = layers.flatMap((_, layer): StatePart[] => {
    const [view, ...copies] = cores.flatMap((core) => core.biases[layer] ?? []);
    return view === undefined ? [] : [{ view, copies }];
  });
  const ofParameters = parameters.flatMap((_, index) => {
    const parts = new Map<string, TensorView[]>();
    for (const { held } of cores) {
      const one = held[index];
      if (one === null) continue;
      for (const { view, numbers } of tensorsOf(one)) parts.set(numbers, [...(parts.get(numbers) ?? []), view]);
    }
    return [...parts.values()].map(([view, ...copies]) => ({ view, copies }));
  });
  return [...ofParameters, ...biases];
}

/** Gradients and activations are made anew by every step; so is what shards are gathered into. */
function tensorsOf(held: HeldParameter): KeptTensor[] {
  const { stored, sent } = held;
  const numbers = placeOfShard(held);
  return [
    { view: stored, numbers: `weights ${numbers}` },
    ...keptTensors(held),
    ...(sent.offset === stored.offset ? [] : [{ view: sent, numbers: `copy ${numbers}` }]),
  ];
}

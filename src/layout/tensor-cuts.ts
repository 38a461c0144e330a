import { remember } from '../base/index.ts';
import { layersOf, type ModelSpec } from '../model/index.ts';

/** A dimension of the model that the tensor axis cuts into equal parts. */
export interface TensorCut {
  /** Key of the scenario that says it. */
  readonly key: string;
  readonly size: number;
  /** Heads of keys and values are held by several members of the axis where they are fewer than these. */
  readonly replicates: boolean;
}

/** Everything that the tensor axis cuts, each size once. The vocabulary is not among them: it is padded. */
export const tensorCuts = remember((model: ModelSpec): readonly TensorCut[] => {
  const cuts = new Map<string, TensorCut>();
  const add = (key: string, size: number, replicates = false) => cuts.set(`${key} ${size}`, { key, size, replicates });
  for (const { attention, crossAttention, feedForward } of layersOf(model)) {
    for (const { heads, kvHeads, mla } of [attention, ...(crossAttention === null ? [] : [crossAttention])]) {
      add('model.heads', heads);
      if (mla === null && kvHeads !== heads) add('model.kvHeads', kvHeads, true);
    }
    if (feedForward.kind === 'dense') {
      add('model.dFf', feedForward.width);
      continue;
    }
    for (const width of feedForward.widths ?? [feedForward.width]) add('model.dExpert', width);
    if (feedForward.sharedWidth > 0) add('model.sharedDim', feedForward.sharedWidth);
  }
  return [...cuts.values()];
});

/** Whether every member of a tensor axis of `members` gets an equal part. */
export function cutsEvenly({ size, replicates }: TensorCut, members: number): boolean {
  return size % members === 0 || (replicates && members % size === 0);
}

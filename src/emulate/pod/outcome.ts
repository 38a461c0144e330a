import type { Bytes } from '../../base/index.ts';
import { f32Elements } from '../../model/index.ts';
import type { ExchangeKind, PodPlan, SwitchSubLayer } from './plan.ts';

/** What a step of a pod did, read from its memory when it has ended. */
export interface StepOutcome {
  /** Means over the words of the batch; the other two are what was added to the loss, scaled by their coefficients. */
  readonly crossEntropy: number;
  readonly auxiliaryLoss: number;
  readonly zLoss: number;
  /** Of each Switch layer. */
  readonly layers: readonly LayerOutcome[];
}

export interface LayerOutcome {
  readonly layer: number;
  /** Choices that asked for an expert, and those of them that found no slot. */
  readonly requested: number;
  readonly dropped: number;
  /** [experts]: choices that each expert got. */
  readonly kept: readonly number[];
}

/** Bytes that were moved from core to core since they were last cleared. */
export interface MovedBytes {
  readonly kind: ExchangeKind;
  readonly axis: string;
  /** [cores, cores]: row `to`, column `from`. */
  readonly bytes: Float64Array;
}

export function outcomeOf(plan: PodPlan, buffer: ArrayBufferLike): StepOutcome {
  const { sequences, sequenceLength } = plan.request;
  let crossEntropy = 0;
  for (const { output } of plan.microbatches.flat()) {
    if (output !== null) for (const loss of f32Elements(buffer, output.losses)) crossEntropy += loss;
  }
  let [auxiliaryLoss, zLoss] = [0, 0];
  const layers = plan.layers.flatMap((kind, layer) => {
    if (kind !== 'switch') return [];
    const kept = new Array<number>(plan.request.model.moe?.experts ?? 0).fill(0);
    let [dropped, requested] = [0, 0];
    for (const { sublayer } of switchSubLayers(plan, layer)) {
      for (const { losses, counts } of sublayer.groups) {
        const [auxiliary, z] = f32Elements(buffer, losses);
        const [ofGroup, all] = new Int32Array(buffer, counts, 2);
        auxiliaryLoss += auxiliary;
        zLoss += z;
        dropped += ofGroup;
        requested += all;
      }
      const slots = sublayer.groups.length * plan.request.routing.expertCapacity;
      const tokens = new Int32Array(buffer, sublayer.slotToken, kept.length * slots);
      for (const [slot, token] of tokens.entries()) if (token >= 0) kept[Math.floor(slot / slots)]++;
    }
    return [{ layer, requested, dropped, kept }];
  });
  return { crossEntropy: crossEntropy / (sequences * sequenceLength), auxiliaryLoss, zLoss, layers };
}

/** A Switch layer of a core, and the global number of its first token. */
interface PlacedSwitch {
  readonly firstToken: number;
  readonly sublayer: SwitchSubLayer;
}

/** A Switch layer of those that have tokens of their own, in the order of these: members of other axes have the same ones. */
export function switchSubLayers({ microbatches }: PodPlan, layer: number): PlacedSwitch[] {
  const byToken = new Map<number, SwitchSubLayer>();
  for (const { firstToken, sublayers } of microbatches.flat()) {
    const sublayer = sublayers[2 * layer + 1];
    if (sublayer?.kind === 'switch') byToken.set(firstToken, sublayer);
  }
  return [...byToken].sort(([a], [b]) => a - b).map(([firstToken, sublayer]) => ({ firstToken, sublayer }));
}

export function movedBytesOf({ traffic, request }: PodPlan, buffer: ArrayBufferLike): MovedBytes[] {
  const cores = request.mesh.devices;
  return traffic.map(({ kind, axis, offset }) => ({
    kind,
    axis,
    bytes: new Float64Array(buffer, offset, cores * cores).slice(),
  }));
}

/** All bytes of a kind and an axis. */
export function totalBytes({ bytes }: MovedBytes): Bytes {
  return bytes.reduce((sum, one) => sum + one, 0);
}

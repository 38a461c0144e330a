import { type Bytes, Purpose } from '../../base/index.ts';
import { F32, type Phase, routerZLossOf, routerZLossOfBackward } from '../../kernels/index.ts';
import { f32Elements, type TensorView } from '../../model/index.ts';
import { createRouter, type Router, type RouterInput } from '../../routing/index.ts';
import { tokenDraws } from '../token-draws.ts';
import { allFinite } from './health.ts';
import type { Pod } from './open-pod.ts';
import type { CorePlan, GroupLists, SwitchScratch, SwitchSubLayer } from './plan.ts';
import { roundForRouter } from './router-precision.ts';
import type { StepNumber } from './step-number.ts';

/** A routing group of a core. */
export interface GroupPlace {
  readonly core: CorePlan;
  readonly sublayer: SwitchSubLayer;
  readonly layer: number;
  readonly group: number;
}

/** One item for every routing group of every core. */
export function onEachGroup({ active }: Pod, name: string, layer: number, run: (place: GroupPlace, lane: number) => void): Phase {
  const at = 2 * layer + 1;
  const { groups } = active[0].sublayers[at] as SwitchSubLayer;
  const placeOf = (item: number): GroupPlace => {
    const core = active[Math.floor(item / groups.length)];
    return { core, sublayer: core.sublayers[at] as SwitchSubLayer, layer, group: item % groups.length };
  };
  return {
    items: active.length * groups.length,
    run: (item, lane) => run(placeOf(item), lane),
    name: (item) => `${name} of layer ${layer}, core ${placeOf(item).core.core}, group ${placeOf(item).group}`,
  };
}

/** Gives the tokens of a group their experts and slots, lays out the lists, and writes losses and counts. */
export function assignGroup(pod: Pod, number: StepNumber, place: GroupPlace): void {
  const { routing } = pod.plan.request;
  const { tokens, experts, router, input, canAnswer, statistics } = openGroup(pod, number, place);
  const lists = openLists(pod, place);
  if (!canAnswer) {
    chooseNothing(lists);
    layOut(pod, place, lists, tokens, experts);
    return;
  }
  const rows = router.route(input);
  roundForRouter(pod.plan, rows.weight);
  for (const name of ['token', 'expert', 'slot', 'weight', 'requested'] as const) lists[name].set(rows[name]);
  layOut(pod, place, lists, tokens, experts);
  lists.losses[0] = share(pod, routing.auxiliaryCoefficient) * router.auxiliaryLoss(input, rows);
  lists.losses[1] =
    routing.zCoefficient === 0 || !router.learned
      ? 0
      : share(pod, routing.zCoefficient) * routerZLossOf(F32, { tokens, experts }, statistics);
}

/** dLogits of a group, from the gradients of the weights of its slots and both losses. */
export function assignGroupBackward(pod: Pod, number: StepNumber, place: GroupPlace): void {
  const { routing } = pod.plan.request;
  const { tokens, experts, router, input, canAnswer, scores, statistics, dLogits, dNoiseLogits } = openGroup(pod, number, place);
  const lists = openLists(pod, place);
  if (!canAnswer) {
    // The step must be found out: a router that chose nothing would leave losses and all other gradients finite.
    dLogits.fill(Number.NaN);
    dNoiseLogits?.fill(Number.NaN);
    return;
  }
  const ofSlots = new Float32Array(pod.buffer, switchScratch(place.core).dWeights, slotCount(pod, place));
  const weight = new Float32Array(lists.slot.length);
  for (let row = 0; row < weight.length; row++) if (lists.slot[row] !== -1) weight[row] = ofSlots[slotRow(pod, place, lists, row)];
  dLogits.fill(0);
  dNoiseLogits?.fill(0);
  router.backward(input, lists, {
    weight,
    auxiliaryLoss: share(pod, routing.auxiliaryCoefficient),
    logits: dLogits,
    noiseLogits: dNoiseLogits,
  });
  if (routing.zCoefficient !== 0 && router.learned) {
    routerZLossOfBackward(F32, { tokens, experts }, { ...scores, statistics }, share(pod, routing.zCoefficient), dLogits);
  }
  for (const gradient of [dLogits, dNoiseLogits ?? NONE]) roundForRouter(pod.plan, gradient);
}

/** Without probabilities there is no choice: all tokens go by, and the losses of the router are no number. */
function chooseNothing({ slot, requested, weight, losses }: OpenLists): void {
  slot.fill(-1);
  requested.fill(0);
  weight.fill(0);
  losses.fill(Number.NaN);
}

/** A loss that is a mean over the groups of the whole batch. */
function share({ plan }: Pod, coefficient: number): number {
  const { sequences, sequenceLength, routing } = plan.request;
  return coefficient / ((sequences * sequenceLength) / routing.groupTokens);
}

interface OpenGroup {
  readonly tokens: number;
  readonly experts: number;
  readonly router: Router;
  readonly input: RouterInput;
  /** Whether the router can answer: it refuses scores that are no numbers. */
  readonly canAnswer: boolean;
  readonly scores: { readonly probabilities: Float32Array; readonly logits: Float32Array };
  readonly statistics: Float32Array;
  readonly dLogits: Float32Array;
  readonly dNoiseLogits: Float32Array | undefined;
}

function openGroup(pod: Pod, { step, training }: StepNumber, { core, sublayer, layer, group }: GroupPlace): OpenGroup {
  const { buffer, plan } = pod;
  const { routing, seed } = plan.request;
  const tokens = routing.groupTokens;
  const experts = sublayer.logits.shape[1];
  const first = group * tokens;
  const rows = (view: TensorView): Float32Array =>
    f32Elements(buffer, { ...view, offset: view.offset + first * experts * 4, shape: [tokens, experts] });
  const list = (of: Bytes | null): Int32Array | undefined => (of === null ? undefined : new Int32Array(buffer, of + 4 * first, tokens));
  const rowsOrNone = (view: TensorView | null): Float32Array | undefined => (view === null ? undefined : rows(view));
  const { dLogits, dNoiseLogits } = switchScratch(core);
  const bias = core.biases[layer];
  const noiseLogits = rowsOrNone(sublayer.noiseLogits);
  const scores = { probabilities: rows(sublayer.probabilities), logits: rows(sublayer.logits) };
  return {
    tokens,
    experts,
    router: createRouter(routing.router, routing.options),
    input: {
      ...{ tokens, experts, expertCapacity: routing.expertCapacity, training, ...scores },
      draw: tokenDraws(seed, Purpose.secondExpert, layer, core.firstToken + first, step),
      tokenIds: list(core.words),
      domains: list(core.domains),
      noiseLogits,
      bias: bias === null ? undefined : f32Elements(buffer, bias),
    },
    canAnswer: [scores.probabilities, noiseLogits ?? NONE].every(allFinite),
    scores,
    statistics: new Float32Array(buffer, sublayer.statistics.offset + group * 2 * tokens * 4, 2 * tokens),
    dLogits: rows(dLogits),
    dNoiseLogits: rowsOrNone(dNoiseLogits),
  };
}

const NONE = new Float32Array(0);

interface OpenLists {
  readonly token: Int32Array;
  readonly expert: Int32Array;
  readonly slot: Int32Array;
  readonly requested: Uint8Array;
  readonly weight: Float32Array;
  readonly losses: Float32Array;
}

function listsOf({ sublayer, group }: GroupPlace): GroupLists {
  return sublayer.groups[group];
}

function openLists({ buffer }: Pod, place: GroupPlace): OpenLists {
  const lists = listsOf(place);
  const { rows } = lists;
  return {
    token: new Int32Array(buffer, lists.token, rows),
    expert: new Int32Array(buffer, lists.expert, rows),
    slot: new Int32Array(buffer, lists.slot, rows),
    requested: new Uint8Array(buffer, lists.requested, rows),
    weight: new Float32Array(buffer, lists.weight, rows),
    losses: f32Elements(buffer, lists.losses),
  };
}

/** E G C */
function slotCount({ plan }: Pod, { sublayer }: GroupPlace): number {
  return sublayer.logits.shape[1] * sublayer.groups.length * plan.request.routing.expertCapacity;
}

/** The row of [E, G, C] that a row of the assignment has. */
function slotRow({ plan }: Pod, { sublayer, group }: GroupPlace, { expert, slot }: OpenLists, row: number): number {
  return (expert[row] * sublayer.groups.length + group) * plan.request.routing.expertCapacity + slot[row];
}

/** Tokens and weights of the slots of the group, and the slots of each of its tokens in the order of experts, which is that of its sum. */
function layOut(pod: Pod, place: GroupPlace, lists: OpenLists, tokens: number, experts: number): void {
  const { buffer, plan } = pod;
  const { sublayer, group } = place;
  const { expertCapacity } = plan.request.routing;
  const { starts: at, entryRow: rowsAt, entryWeight: weightsAt, counts: countsAt } = listsOf(place);
  const slotToken = new Int32Array(buffer, sublayer.slotToken, slotCount(pod, place));
  const slotWeight = new Float32Array(buffer, sublayer.slotWeight, slotCount(pod, place));
  for (let expert = 0; expert < experts; expert++) {
    const first = (expert * sublayer.groups.length + group) * expertCapacity;
    slotToken.fill(-1, first, first + expertCapacity);
    slotWeight.fill(0, first, first + expertCapacity);
  }
  const starts = new Int32Array(buffer, at, tokens + 1).fill(0);
  let dropped = 0;
  for (let row = 0; row < lists.token.length; row++) {
    if (lists.slot[row] === -1) {
      dropped += lists.requested[row];
      continue;
    }
    const slot = slotRow(pod, place, lists, row);
    slotToken[slot] = group * tokens + lists.token[row];
    slotWeight[slot] = lists.weight[row];
    starts[lists.token[row] + 1]++;
  }
  for (let token = 0; token < tokens; token++) starts[token + 1] += starts[token];
  const next = starts.slice();
  const entryRow = new Int32Array(buffer, rowsAt, lists.token.length);
  const entryWeight = new Float32Array(buffer, weightsAt, lists.token.length);
  for (let expert = 0; expert < experts; expert++) {
    const first = (expert * sublayer.groups.length + group) * expertCapacity;
    for (let slot = first; slot < first + expertCapacity; slot++) {
      if (slotToken[slot] === -1) continue;
      const entry = next[slotToken[slot] - group * tokens]++;
      entryRow[entry] = slot;
      entryWeight[entry] = slotWeight[slot];
    }
  }
  new Int32Array(buffer, countsAt, 2).set([dropped, lists.requested.reduce((sum, one) => sum + one, 0)]);
}

export function switchScratch({ scratch }: Pick<CorePlan, 'scratch'>): SwitchScratch {
  if (scratch.ofSwitch === null) throw new Error('a pod without Switch layers');
  return scratch.ofSwitch;
}

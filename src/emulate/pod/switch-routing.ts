import { Purpose } from '../../base/index.ts';
import { F32, type Phase, registeredAssignment, routerZLossOf, routerZLossOfBackward } from '../../kernels/index.ts';
import { f32Elements, type TensorView } from '../../model/index.ts';
import { type Assignment, createRouter } from '../../routing/index.ts';
import { tokenDraws } from '../token-draws.ts';
import type { Pod } from './open-pod.ts';
import type { CorePlan, GroupLists, SwitchScratch, SwitchSubLayer } from './plan.ts';

/** Which step of the training runs: random numbers are keyed by it. */
export interface StepNumber {
  step: number;
}

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
  const { tokens, experts, scores, statistics, assignment } = openGroup(pod, number, place);
  const rows = assignment.assign(scores) as Assignment;
  const lists = openLists(pod, place);
  for (const name of ['token', 'expert', 'slot', 'weight', 'requested'] as const) lists[name].set(rows[name]);
  layOut(pod, place, lists, tokens, experts);
  lists.losses[0] = share(pod, routing.auxiliaryCoefficient) * assignment.auxiliaryLoss(scores, rows);
  lists.losses[1] = routing.zCoefficient === 0 ? 0 : share(pod, routing.zCoefficient) * routerZLossOf(F32, { tokens, experts }, statistics);
}

/** dLogits of a group, from the gradients of the weights of its slots and both losses. */
export function assignGroupBackward(pod: Pod, number: StepNumber, place: GroupPlace): void {
  const { routing } = pod.plan.request;
  const { tokens, experts, scores, statistics, assignment, dLogits } = openGroup(pod, number, place);
  const lists = openLists(pod, place);
  const ofSlots = new Float32Array(pod.buffer, switchScratch(place.core).dWeights, slotCount(pod, place));
  const weight = new Float32Array(lists.slot.length);
  for (let row = 0; row < weight.length; row++) if (lists.slot[row] !== -1) weight[row] = ofSlots[slotRow(pod, place, lists, row)];
  dLogits.fill(0);
  assignment.backward(scores, lists, { weight, auxiliaryLoss: share(pod, routing.auxiliaryCoefficient), logits: dLogits });
  if (routing.zCoefficient === 0) return;
  routerZLossOfBackward(F32, { tokens, experts }, { ...scores, statistics }, share(pod, routing.zCoefficient), dLogits);
}

/** A loss that is a mean over the groups of the whole batch. */
function share({ plan }: Pod, coefficient: number): number {
  const { sequences, sequenceLength, routing } = plan.request;
  return coefficient / ((sequences * sequenceLength) / routing.groupTokens);
}

function openGroup(pod: Pod, { step }: StepNumber, { core, sublayer, layer, group }: GroupPlace) {
  const { routing, seed } = pod.plan.request;
  const tokens = routing.groupTokens;
  const experts = sublayer.logits.shape[1];
  const first = group * tokens;
  const rows = (view: TensorView): Float32Array =>
    f32Elements(pod.buffer, { ...view, offset: view.offset + first * experts * 4, shape: [tokens, experts] });
  const router = createRouter(routing.router, routing.options);
  const draw = tokenDraws(seed, Purpose.secondExpert, layer, core.firstToken + first, step);
  return {
    tokens,
    experts,
    scores: { probabilities: rows(sublayer.probabilities), logits: rows(sublayer.logits) },
    statistics: new Float32Array(pod.buffer, sublayer.statistics.offset + group * 2 * tokens * 4, 2 * tokens),
    assignment: registeredAssignment(router, { tokens, experts, expertCapacity: routing.expertCapacity }, true, draw),
    dLogits: rows(switchScratch(core).dLogits),
  };
}

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

function openLists({ buffer, plan }: Pod, place: GroupPlace): OpenLists {
  const lists = listsOf(place);
  const rows = assignmentRows(plan.request.routing, place);
  return {
    token: new Int32Array(buffer, lists.token, rows),
    expert: new Int32Array(buffer, lists.expert, rows),
    slot: new Int32Array(buffer, lists.slot, rows),
    requested: new Uint8Array(buffer, lists.requested, rows),
    weight: new Float32Array(buffer, lists.weight, rows),
    losses: f32Elements(buffer, lists.losses),
  };
}

function assignmentRows(routing: Pod['plan']['request']['routing'], { sublayer }: GroupPlace): number {
  const { router, options, groupTokens, expertCapacity } = routing;
  return createRouter(router, options).rows({ tokens: groupTokens, experts: sublayer.logits.shape[1], expertCapacity });
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

export function switchScratch({ scratch }: CorePlan): SwitchScratch {
  if (scratch.ofSwitch === null) throw new Error('a pod without Switch layers');
  return scratch.ofSwitch;
}

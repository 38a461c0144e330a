import type { Bytes } from '../../base/index.ts';
import type { Phase } from '../../kernels/index.ts';
import { type ArenaPlan, elementCount, type TensorView } from '../../model/index.ts';
import { allGather, slice } from './exchange.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import type { CorePlan, SwitchSubLayer } from './plan.ts';

/**
 * Rows of dropless dispatch (Gale et al. 2022, arXiv 2211.15841): every choice has one, no slot is sent empty. At home they lie expert by expert, those of an expert in the
 * order of groups and of their places in its queue; at the experts, expert by expert too, and there in the order of their homes: what is sent from one core to another is a range
 * at either end, and an expert multiplies a range, as with slots.
 *
 * R rows of a core at most, n members of the experts' group, E experts of which a core holds E'.
 */
export interface DroplessRows {
  /** f32 views over int32 [n, E]: rows that every member has for every expert, once they are exchanged; a core's own from the beginning. */
  readonly counts: TensorView;
  /** int32 [E + 1] and [E' + 1]: first home row of every expert, and first row of those that are here. */
  readonly homeStarts: Bytes;
  readonly heldStarts: Bytes;
  /** int32 [R] twice and f32 [R]: slot in [E, G, S], token and weight of every home row. */
  readonly slot: Bytes;
  readonly token: Bytes;
  readonly weight: Bytes;
}

export function planDroplessRows(arena: ArenaPlan, experts: number, members: number, homeRows: number): DroplessRows {
  const list = (count: number): Bytes => arena.allocate([count], 'f32').offset;
  return {
    counts: arena.allocate([members, experts], 'f32'),
    homeStarts: list(experts + 1),
    heldStarts: list(experts / members + 1),
    slot: list(homeRows),
    token: list(homeRows),
    weight: list(homeRows),
  };
}

/** After the assignment: gives every choice its row, and tells all members how many rows each has for every expert. Nothing where there are slots. */
export function layOutRows(pod: Pod, layer: number): Phase[] {
  const rowsOf = (core: CorePlan): DroplessRows => sublayerOf(core, layer).rows as DroplessRows;
  const { experts, active } = pod;
  if (sublayerOf(active[0], layer).rows === null) return [];
  const ownIndex = ({ core }: CorePlan): number => experts?.indexOf[core] ?? 0;
  const own = (core: CorePlan): TensorView => {
    const { counts } = rowsOf(core);
    return slice(counts, ownIndex(core) * counts.shape[1], counts.shape[1]);
  };
  return [
    onEachCore(pod, `rows of layer ${layer}`, (core) => numberRows(pod, sublayerOf(core, layer), own(core))),
    ...(experts === null ? [] : allGather(pod, experts, own, (core) => rowsOf(core).counts)),
    onEachCore(pod, `rows at the experts of layer ${layer}`, (core) => {
      const { counts, heldStarts } = rowsOf(core);
      const [members, all] = counts.shape;
      const held = all / members;
      const rows = new Int32Array(pod.buffer, counts.offset, members * all);
      const starts = new Int32Array(pod.buffer, heldStarts, held + 1);
      for (let expert = 0; expert < held; expert++) {
        starts[expert + 1] = starts[expert];
        for (let member = 0; member < members; member++) starts[expert + 1] += rows[member * all + ownIndex(core) * held + expert];
      }
    }),
  ];
}

/** Numbers the slots that have a token, in their order, and lets the entries of tokens name rows instead of slots. */
function numberRows({ buffer, plan }: Pod, sublayer: SwitchSubLayer, own: TensorView): void {
  const { rows, groups, slotToken, slotWeight } = sublayer;
  if (rows === null) return;
  const experts = elementCount(own.shape);
  const { groupTokens, expertCapacity } = plan.request.routing;
  const slotsOfExpert = groups.length * expertCapacity;
  const slots = experts * slotsOfExpert;
  const [tokenOfSlot, weightOfSlot] = [new Int32Array(buffer, slotToken, slots), new Float32Array(buffer, slotWeight, slots)];
  const counts = new Int32Array(buffer, own.offset, experts);
  const starts = new Int32Array(buffer, rows.homeStarts, experts + 1);
  const rowOfSlot = new Int32Array(slots);
  const choices = tokenOfSlot.reduce((sum, token) => sum + Number(token >= 0), 0);
  const [slotOf, tokenOf] = [rows.slot, rows.token].map((list) => new Int32Array(buffer, list, choices));
  const weightOf = new Float32Array(buffer, rows.weight, choices);
  let row = 0;
  for (let expert = 0; expert < experts; expert++) {
    starts[expert] = row;
    for (let slot = expert * slotsOfExpert; slot < (expert + 1) * slotsOfExpert; slot++) {
      if (tokenOfSlot[slot] < 0) continue;
      [slotOf[row], tokenOf[row], weightOf[row]] = [slot, tokenOfSlot[slot], weightOfSlot[slot]];
      rowOfSlot[slot] = row++;
    }
    counts[expert] = row - starts[expert];
  }
  starts[experts] = row;
  for (const { starts: firstEntry, entryRow } of groups) {
    const entries = new Int32Array(buffer, firstEntry, groupTokens + 1)[groupTokens];
    const rowOf = new Int32Array(buffer, entryRow, entries);
    for (let entry = 0; entry < entries; entry++) rowOf[entry] = rowOfSlot[rowOf[entry]];
  }
}

/** The router's gradient is asked for slot by slot. */
export function weightGradientsToSlots(
  buffer: ArrayBufferLike,
  rows: DroplessRows,
  ofRows: Bytes,
  ofSlots: Bytes,
  first: number,
  count: number,
): void {
  const slots = new Int32Array(buffer, rows.slot + 4 * first, count);
  const gradients = new Float32Array(buffer, ofRows + 4 * first, count);
  const last = slots.reduce((most, slot) => Math.max(most, slot), 0);
  const target = new Float32Array(buffer, ofSlots, last + 1);
  for (const [i, slot] of slots.entries()) target[slot] = gradients[i];
}

/** Where the rows of one expert lie that a core sends: at home, and at the core that holds it. */
export interface SentRange {
  readonly home: number;
  readonly held: number;
  readonly count: number;
}

/** Rows of expert `expert` of those that the holder has, from the member that is the home. */
export function sentRange(
  buffer: ArrayBufferLike,
  holder: DroplessRows,
  holderIndex: number,
  home: DroplessRows,
  homeIndex: number,
  expert: number,
): SentRange {
  const [members, experts] = holder.counts.shape;
  const global = (holderIndex * experts) / members + expert;
  const counts = new Int32Array(buffer, holder.counts.offset, members * experts);
  let held = new Int32Array(buffer, holder.heldStarts, expert + 1)[expert];
  for (let member = 0; member < homeIndex; member++) held += counts[member * experts + global];
  return { home: new Int32Array(buffer, home.homeStarts, global + 1)[global], held, count: counts[homeIndex * experts + global] };
}

function sublayerOf({ sublayers }: CorePlan, layer: number): SwitchSubLayer {
  return sublayers[2 * layer + 1] as SwitchSubLayer;
}

/** Rows that the experts of a core have. */
export function heldRows(buffer: ArrayBufferLike, { counts, heldStarts }: DroplessRows): number {
  const held = counts.shape[1] / counts.shape[0];
  return new Int32Array(buffer, heldStarts, held + 1)[held];
}

/** Global numbers of the token and the expert of a row at the experts. */
export function tokenOfHeldRow(
  { cores, experts, buffer }: Pod,
  core: CorePlan,
  layer: number,
  row: number,
): { token: number; expert: number } {
  const holder = sublayerOf(core, layer).rows as DroplessRows;
  const [members, all] = holder.counts.shape;
  const holderIndex = experts?.indexOf[core.core] ?? 0;
  for (let expert = 0; expert < all / members; expert++) {
    for (let member = 0; member < members; member++) {
      const home = experts === null ? core : cores[experts.membersOf[core.core][member]];
      const rows = sublayerOf(home, layer).rows as DroplessRows;
      const range = sentRange(buffer, holder, holderIndex, rows, member, expert);
      if (row < range.held || row >= range.held + range.count) continue;
      const token = new Int32Array(buffer, rows.token, range.home + range.count)[range.home + row - range.held];
      return { token: home.firstToken + token, expert: (holderIndex * all) / members + expert };
    }
  }
  return { token: -1, expert: 0 };
}

import type { Phase } from '../../kernels/index.ts';
import { byteLength, elementCount, type TensorView } from '../../model/index.ts';
import { sentRange } from './dropless-rows.ts';
import { counted, move, slice } from './exchange.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import type { CorePlan, SwitchSubLayer } from './plan.ts';
import { switchScratch } from './switch-routing.ts';

/** The all-to-all of a dispatch: every core gets the slots of its experts, expert by expert in the order of the members, which is that of the tokens. */
export function toExperts(pod: Pod, layer: number, batchOf: (core: CorePlan) => TensorView): Phase[] {
  return exchange(pod, layer, 'to', (holder, home, block) => {
    const { slots } = switchScratch(home.core);
    if (slots !== null) block(slots, batchOf(holder.core));
  });
}

/** The all-to-all of a combine: every core gets back what became of its slots. */
export function fromExperts(pod: Pod, layer: number, returnedOf: (core: CorePlan) => TensorView | null): Phase[] {
  return exchange(pod, layer, 'from', (holder, home, block) => {
    const returned = returnedOf(home.core);
    if (returned !== null) block(returned, switchScratch(holder.core).atExperts);
  });
}

interface Member {
  readonly core: CorePlan;
  readonly index: number;
}

/** `pair` names the slots at home, and the place at the experts, of two members; blocks of an expert are moved from one to the other. */
function exchange(
  pod: Pod,
  layer: number,
  way: 'to' | 'from',
  pair: (holder: Member, home: Member, block: (slots: TensorView, atExperts: TensorView) => void) => void,
): Phase[] {
  const { experts, cores } = pod;
  if (experts === null) return [];
  const phase = onEachCore(pod, `all-to-all ${way} experts`, (core) => {
    const own: Member = { core, index: experts.indexOf[core.core] };
    for (const [index, member] of experts.membersOf[core.core].entries()) {
      const other: Member = { core: cores[member], index };
      const [holder, home] = way === 'to' ? [own, other] : [other, own];
      pair(holder, home, (slots, atExperts) => {
        for (const [here, there] of blocksOf(pod, layer, experts.size, holder, home, slots, atExperts)) {
          move(pod, way === 'to' ? here : there, way === 'to' ? there : here);
          counted(pod, 'all-to-all', experts, core, member, byteLength(here));
        }
      });
    }
  });
  return [phase];
}

/** For every expert of the holder: what of it lies at home, and where that lies at the experts. */
function blocksOf(
  { plan, buffer }: Pod,
  layer: number,
  members: number,
  holder: Member,
  home: Member,
  slots: TensorView,
  atExperts: TensorView,
): (readonly [here: TensorView, there: TensorView])[] {
  const held = (plan.request.model.moe?.experts ?? 0) / members;
  const [rowsOfHolder, rowsOfHome] = [holder, home].map(({ core }) => (core.sublayers[2 * layer + 1] as SwitchSubLayer).rows);
  return Array.from({ length: held }, (_, expert) => {
    if (rowsOfHolder === null || rowsOfHome === null) {
      const size = elementCount(atExperts.shape) / (held * members);
      return [slice(slots, (holder.index * held + expert) * size, size), slice(atExperts, (expert * members + home.index) * size, size)];
    }
    const range = sentRange(buffer, rowsOfHolder, holder.index, rowsOfHome, home.index, expert);
    const columns = slots.shape[1];
    return [slice(slots, range.home * columns, range.count * columns), slice(atExperts, range.held * columns, range.count * columns)];
  });
}

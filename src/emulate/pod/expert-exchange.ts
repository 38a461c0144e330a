import type { Phase } from '../../kernels/index.ts';
import { byteLength, elementCount, type TensorView } from '../../model/index.ts';
import { counted, move, slice } from './exchange.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import type { CorePlan } from './plan.ts';
import { switchScratch } from './switch-routing.ts';

/** The all-to-all of a dispatch: every core gets the slots of its experts, expert by expert in the order of the members, which is that of the tokens. */
export function toExperts(pod: Pod, batchOf: (core: CorePlan) => TensorView): Phase[] {
  return exchange(pod, 'to', (holder, home, block) => {
    const { slots } = switchScratch(home.core);
    if (slots !== null) block(slots, batchOf(holder.core));
  });
}

/** The all-to-all of a combine: every core gets back what became of its slots. */
export function fromExperts(pod: Pod, returnedOf: (core: CorePlan) => TensorView | null): Phase[] {
  return exchange(pod, 'from', (holder, home, block) => {
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
        const held = atExperts.shape[0];
        const size = elementCount(atExperts.shape) / (held * experts.size);
        for (let expert = 0; expert < held; expert++) {
          const there = slice(atExperts, (expert * experts.size + home.index) * size, size);
          const here = slice(slots, (holder.index * held + expert) * size, size);
          move(pod, way === 'to' ? here : there, way === 'to' ? there : here);
          counted(pod, 'all-to-all', experts, core, member, byteLength(here));
        }
      });
    }
  });
  return [phase];
}

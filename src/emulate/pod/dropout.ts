import { Purpose } from '../../base/index.ts';
import { chunked, type Phase, ROWS_PER_ITEM, rowsOf } from '../../kernels/index.ts';
import { elementCount, type TensorView } from '../../model/index.ts';
import { heldRows, tokenOfHeldRow } from './dropless-rows.ts';
import { everywhere, type Pod } from './open-pod.ts';
import { feedForwardUnit } from './parameters.ts';
import type { CorePlan, SwitchSubLayer } from './plan.ts';
import { dropoutFactor, type RandomFactors, rowOf, timesFactors } from './random-factors.ts';
import { heldOf } from './weights.ts';

/**
 * Dropout of what sub-layers add to the stream, and of the embedding, while a pod learns; rows first .. of a core's part of the stream, in place. It is its own transpose: gradients
 * are masked likewise. Sub-layers are numbered from 0; the embedding has the number behind the last.
 */
export function dropTokens(pod: Pod, core: CorePlan, sublayer: number, rows: TensorView, first: number): void {
  const { seed, dropout } = pod.plan.request;
  if (dropout === 0 || !pod.number.learns) return;
  const key = { seed, purpose: Purpose.dropout, step: pod.number.step, layer: sublayer };
  const factors: RandomFactors = { key, factorOf: dropoutFactor(dropout) };
  const token = core.firstToken + core.firstOfPart + first;
  for (let row = 0; row < rows.shape[0]; row++) timesFactors(factors, token + row, rowOf(pod.buffer, rows, row));
}

/** The number of the embedding among those that drop. */
export function embeddingNumber({ plan }: Pod): number {
  return 2 * plan.layers.length;
}

/**
 * Dropout of hidden units of experts (Fedus et al. 2021, arXiv 2101.03961, section 2.4), rows [E', n G C, F] or [n R, F], in place: by token and expert, wherever the token's slot is. What is dropped
 * of the units is dropped of the gradients of their sums.
 */
export function dropHidden(pod: Pod, layer: number, name: string, viewsOf: (core: CorePlan) => readonly (TensorView | null)[]): Phase[] {
  const { plan, buffer, number } = pod;
  const { seed, expertDropout, model } = plan.request;
  if (expertDropout === 0) return [];
  const blocks = Math.ceil((model.moe?.dExpert ?? 0) / 4);
  const phase = everywhere(pod, (core) => {
    const { hidden, rows: dropless } = core.sublayers[2 * layer + 1] as SwitchSubLayer;
    const rows = elementCount(hidden.shape.slice(0, -1));
    const { column } = heldOf(pod, core, feedForwardUnit(layer), 'in').first;
    return chunked(
      `dropout of ${name} on core ${core.core}`,
      rows,
      ROWS_PER_ITEM,
      () => (dropless === null ? rows : heldRows(buffer, dropless)),
      (first, count) => {
        if (!number.learns) return;
        const key = { seed, purpose: Purpose.expertDropout, step: number.step, layer };
        const factors: RandomFactors = { key, factorOf: dropoutFactor(expertDropout) };
        for (let row = first; row < first + count; row++) {
          const { token, expert } = dropless === null ? tokenAt(pod, core, layer, row) : tokenOfHeldRow(pod, core, layer, row);
          if (token < 0) continue;
          for (const view of viewsOf(core))
            if (view !== null) timesFactors(factors, token, rowOf(buffer, view, row), column, expert * blocks);
        }
      },
    );
  });
  return [phase];
}

/** Global numbers of the token and the expert of a row of [E', n, G, C]; token -1 where the slot is empty. A core that holds experts knows them as it knows the seed: they are no bytes of the step. */
function tokenAt({ cores, experts, buffer }: Pod, core: CorePlan, layer: number, row: number): { token: number; expert: number } {
  const { hidden } = core.sublayers[2 * layer + 1] as SwitchSubLayer;
  const [held, rows] = hidden.shape;
  const slots = rows / (experts?.size ?? 1);
  const member = Math.floor((row % rows) / slots);
  const home = experts === null ? core : cores[experts.membersOf[core.core][member]];
  const expert = (experts?.indexOf[core.core] ?? 0) * held + Math.floor(row / rows);
  const { slotToken } = home.sublayers[2 * layer + 1] as SwitchSubLayer;
  const token = new Int32Array(buffer, slotToken + 4 * (expert * slots + (row % slots)), 1)[0];
  return { token: token < 0 ? -1 : home.firstToken + token, expert };
}

/** Rows of a part of the stream, copied and masked. */
export function dropInto(pod: Pod, core: CorePlan, sublayer: number, from: TensorView, to: TensorView, first: number, count: number): void {
  pod.table.convert(rowsOf(from, first, count), rowsOf(to, first, count));
  dropTokens(pod, core, sublayer, rowsOf(to, first, count), first);
}

import {
  chunked,
  forwards,
  type GemmCall,
  type GroupedShape,
  grouped,
  listFrom,
  matrixAt,
  matrixOf,
  type Phase,
  ROWS_PER_ITEM,
  rowsOf,
  STORE,
  together,
  towardsInput,
  towardsWeights,
} from '../../kernels/index.ts';
import { elementCount, f32Elements, type TensorView } from '../../model/index.ts';
import { allReduce } from './exchange.ts';
import { fromExperts, toExperts } from './expert-exchange.ts';
import { dHiddenCall, dInputCalls, dInWeights, dOutWeights, type FeedForward, hiddenCalls, outCall } from './feed-forward.ts';
import { networkAt } from './network.ts';
import { everywhere, type Pod } from './open-pod.ts';
import { feedForwardUnit } from './parameters.ts';
import type { CorePlan, SwitchSubLayer } from './plan.ts';
import { norm, normBackward, overTokens, product, residual, streamGradient } from './rows.ts';
import { gatherStream, wholeOf } from './stream-parts.ts';
import { assignGroup, assignGroupBackward, onEachGroup, type StepNumber, switchScratch } from './switch-routing.ts';
import { clearGradients, gatherWeights, heldOf, scatterGradients } from './weights.ts';

/**
 * A Switch layer whose experts lie on several cores, each cut by the tensor axis (Fedus et al. 2021, arXiv 2101.03961, section 5):
 *
 *   norm | logits | assignment | dispatch | to the experts | hidden | out | sum | from the experts | combine | residual
 */
export function switchForward(pod: Pod, layer: number, number: StepNumber): Phase[] {
  const { unit, at, normOf, normedOf, networkOf } = placeOf(pod, layer);
  const { table } = pod;
  const made = (core: CorePlan): TensorView =>
    pod.experts === null ? asExperts(core, normOf(core).returned) : switchScratch(core).atExperts;
  return [
    ...gatherWeights(pod, unit),
    norm(pod, unit, at, normOf),
    ...gatherStream(pod, normedOf),
    scores(pod, unit, normOf),
    onEachGroup(pod, 'assignment', layer, (place) => assignGroup(pod, number, place)),
    overSlots(pod, 'dispatch', (core, first, count) => {
      const { normed, slotToken, batch } = normOf(core);
      table.gatherRows(wholeOf(core, normed), listFrom(slotToken, first), rowsOf(sentBy(core, batch), first, count));
    }),
    ...toExperts(pod, (core) => normOf(core).batch),
    overExperts(pod, 'hidden', 'rows', (core, expert) => hiddenCalls(networkOf(core, expert))),
    overExperts(pod, 'out', 'rows', (core, expert) => [outCall(networkOf(core, expert), matrixAt(made(core), expert))]),
    ...allReduce(pod, pod.tensor, made),
    ...fromExperts(pod, (core) => normOf(core).returned),
    onEachGroup(pod, 'combine', layer, ({ core, sublayer, group }) => {
      const { starts, entryRow, entryWeight } = sublayer.groups[group];
      table.combineRows(sublayer.returned, starts, entryRow, entryWeight, ofGroup(pod, core.scratch.partial, group), false);
    }),
    residual(pod, at),
  ];
}

/** combine, dLogits | to the experts | dHidden, dOut | dBatch, dIn, dRouter | sum | from the experts | dNormed | dx, dGain */
export function switchBackward(pod: Pod, layer: number, number: StepNumber): Phase[] {
  const { unit, at, normOf, normedOf, networkOf } = placeOf(pod, layer);
  const { table, plan } = pod;
  const dPart = (core: CorePlan): TensorView => streamGradient(core, at + 1);
  const atExperts = (core: CorePlan): TensorView => switchScratch(core).atExperts;
  return [
    ...gatherWeights(pod, unit),
    ...clearGradients(pod, unit),
    ...gatherStream(pod, dPart),
    overSlots(pod, 'backward of combine', (core, first, count) => {
      const { returned, slotToken, slotWeight } = normOf(core);
      const [tokens, weights, dWeights] = [slotToken, slotWeight, switchScratch(core).dWeights].map((list) => listFrom(list, first));
      const dSource = rowsOf(sentBy(core, atExperts(core)), first, count);
      table.combineRowsBackward(rowsOf(returned, first, count), wholeOf(core, dPart(core)), tokens, weights, dSource, dWeights);
    }),
    onEachGroup(pod, 'backward of assignment', layer, (place) => assignGroupBackward(pod, number, place)),
    ...toExperts(pod, atExperts),
    ...gatherStream(pod, normedOf),
    together(
      overExperts(pod, 'dHidden', 'rows', (core, expert) => [dHiddenCall(networkOf(core, expert), matrixAt(atExperts(core), expert))]),
      overExperts(pod, 'dOut', 'weights', (core, expert) => [dOutWeights(networkOf(core, expert), matrixAt(atExperts(core), expert))]),
    ),
    together(
      // The gradient of what experts made is not read again: that of what they got takes its place.
      overExperts(pod, 'dBatch', 'rows', (core, expert) => dInputCalls(networkOf(core, expert), matrixAt(atExperts(core), expert))),
      overExperts(pod, 'dIn', 'weights', (core, expert) => dInWeights(networkOf(core, expert))),
      everywhere(pod, (core) => {
        const router = matrixOf(heldOf(pod, core, unit, 'router').gradient);
        const call = towardsWeights(matrixOf(wholeOf(core, normedOf(core))), matrixOf(switchScratch(core).dLogits), router);
        return product(pod, core, 'dRouter', 'weights', [call]);
      }),
    ),
    ...allReduce(pod, pod.tensor, atExperts),
    ...fromExperts(pod, ({ scratch }) => scratch.ofSwitch?.slots ?? null),
    onEachGroup(pod, 'dNormed', layer, ({ core, sublayer, group }, lane) => {
      const { starts, entryRow } = sublayer.groups[group];
      const target = ofGroup(pod, core.scratch.dNormed, group);
      table.combineRows(sentBy(core, atExperts(core)), starts, entryRow, null, target, false);
      const dLogits = matrixOf(ofGroup(pod, switchScratch(core).dLogits, group));
      const router = matrixOf(heldOf(pod, core, unit, 'router').working);
      table.gemm({ ...towardsInput(dLogits, router), target: matrixOf(target), epilogue: { kind: 'add' } }, plan.lanes[lane]);
    }),
    normBackward(pod, unit, at, normOf),
    ...scatterGradients(pod, unit),
  ];
}

function placeOf(pod: Pod, layer: number) {
  const at = 2 * layer + 1;
  const unit = feedForwardUnit(layer);
  const normOf = (core: CorePlan): SwitchSubLayer => core.sublayers[at] as SwitchSubLayer;
  const normedOf = (core: CorePlan): TensorView => normOf(core).normed;
  const networkOf = (core: CorePlan, expert: number): FeedForward => {
    const sublayer = normOf(core);
    return networkAt(pod, core, unit, matrixAt(sublayer.batch, expert), sublayer, switchScratch(core), expert);
  };
  return { unit, at, normOf, normedOf, networkOf };
}

/** logits = normed router in f32, and their softmax, group by group. */
function scores(pod: Pod, unit: number, normOf: (core: CorePlan) => SwitchSubLayer): Phase {
  const { table, plan, buffer } = pod;
  const { groupTokens } = plan.request.routing;
  return overTokens(pod, 'router', (core, first, count, lane) => {
    const { normed, logits, probabilities, statistics } = normOf(core);
    const rows = (view: TensorView): TensorView => rowsOf(view, first, count);
    const router = matrixOf(heldOf(pod, core, unit, 'router').working);
    const tokens = matrixOf(rows(wholeOf(core, normed)));
    table.gemm({ ...forwards(tokens, router), target: matrixOf(rows(logits)), epilogue: STORE }, plan.lanes[lane]);
    const own: TensorView = { ...plan.laneStatistics[lane], shape: [2, count] };
    table.softmax(rows(logits), 0, rows(probabilities), own);
    const values = f32Elements(buffer, own);
    const all = f32Elements(buffer, statistics);
    for (let row = 0; row < count; row++) {
      const group = Math.floor((first + row) / groupTokens);
      const place = group * groupTokens + first + row;
      all[place] = values[row];
      all[place + groupTokens] = values[count + row];
    }
  });
}

/** A phase over the slots [E, G, C] of every core. */
function overSlots(pod: Pod, name: string, run: (core: CorePlan, first: number, count: number) => void): Phase {
  const { model, routing } = pod.plan.request;
  return everywhere(pod, (core) => {
    const slots = (model.moe?.experts ?? 0) * (core.tokens / routing.groupTokens) * routing.expertCapacity;
    return chunked(
      `${name} on core ${core.core}`,
      slots,
      ROWS_PER_ITEM,
      () => slots,
      (first, count) => run(core, first, count),
    );
  });
}

/** A product of every expert of every core. */
function overExperts(pod: Pod, name: string, kind: GroupedShape['product'], calls: (core: CorePlan, expert: number) => GemmCall[]): Phase {
  const { table, plan } = pod;
  return everywhere(pod, (core) => {
    const [experts, rows] = switchScratch(core).atExperts.shape;
    const first = Int32Array.from({ length: experts + 1 }, (_, expert) => expert * rows);
    const [{ left, target }] = calls(core, 0);
    const shape: GroupedShape = {
      product: kind,
      experts,
      rows: experts * rows,
      depth: kind === 'weights' ? target.rows : left.columns,
      columns: target.columns,
    };
    return grouped({ table, lanes: plan.lanes, first: () => first, place: `core ${core.core}` }, name, shape, (expert) =>
      calls(core, expert),
    );
  });
}

/** Where a core has its slots while they are at home: in a place of their own, or where the experts have them if these are all here. */
function sentBy(core: CorePlan, here: TensorView): TensorView {
  const { slots } = switchScratch(core);
  const columns = here.shape[here.shape.length - 1];
  return slots ?? { ...here, shape: [elementCount(here.shape) / columns, columns] };
}

/** Slots [E, G, C, D] of a core that has all experts, as these have them. */
function asExperts(core: CorePlan, view: TensorView): TensorView {
  return { ...view, shape: switchScratch(core).atExperts.shape };
}

/** Rows of a routing group in a tensor [T, ..]. */
function ofGroup({ plan }: Pod, view: TensorView, group: number): TensorView {
  const { groupTokens } = plan.request.routing;
  return rowsOf(view, group * groupTokens, groupTokens);
}

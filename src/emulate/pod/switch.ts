import {
  chunked,
  type GemmCall,
  type GroupedShape,
  grouped,
  listFrom,
  type Matrix,
  matrixOf,
  type Phase,
  ROWS_PER_ITEM,
  rowsOf,
  together,
} from '../../kernels/index.ts';
import { elementCount, type TensorView } from '../../model/index.ts';
import { layOutRows, weightGradientsToSlots } from './dropless-rows.ts';
import { dropHidden } from './dropout.ts';
import { allReduce } from './exchange.ts';
import { fromExperts, toExperts } from './expert-exchange.ts';
import { dHiddenCall, dInputCalls, dInWeights, dOutWeights, type FeedForward, hiddenCalls, outCall } from './feed-forward.ts';
import { networkAt } from './network.ts';
import { everywhere, type Pod } from './open-pod.ts';
import { feedForwardUnit } from './parameters.ts';
import type { CorePlan, SwitchSubLayer } from './plan.ts';
import { addThroughRouter, dRouter, gatherRouted, jitterAgain, scores } from './router-scores.ts';
import { dropGradient, norm, normBackward, outputGradient, residual } from './rows.ts';
import type { StepNumber } from './step-number.ts';
import { gatherStream, wholeOf } from './stream-parts.ts';
import { assignGroup, assignGroupBackward, onEachGroup, switchScratch } from './switch-routing.ts';
import { clearGradients, gatherWeights, scatterGradients } from './weights.ts';

/**
 * A Switch layer whose experts lie on several cores, each cut by the tensor axis (Fedus et al. 2021, arXiv 2101.03961, section 5):
 *
 *   norm | logits | assignment | (rows, without slots) | dispatch | to the experts | hidden | out | sum | from the experts | combine | residual
 */
export function switchForward(pod: Pod, layer: number, number: StepNumber): Phase[] {
  const { unit, at, normOf, normedOf, networkOf, expertRows } = placeOf(pod, layer);
  const { table } = pod;
  const made = (core: CorePlan): TensorView =>
    filled(pod, normOf(core), pod.experts === null ? asExperts(core, normOf(core).returned) : switchScratch(core).atExperts);
  return [
    ...gatherWeights(pod, unit),
    norm(pod, unit, at, normOf),
    ...gatherStream(pod, normedOf),
    ...scores(pod, layer),
    onEachGroup(pod, 'assignment', layer, (place) => assignGroup(pod, number, place)),
    ...layOutRows(pod, layer),
    overSent(pod, 'dispatch', normOf, (core, first, count) => {
      const { normed, slotToken, rows, batch } = normOf(core);
      table.gatherRows(wholeOf(core, normed), listFrom(rows?.token ?? slotToken, first), rowsOf(sentBy(core, batch), first, count));
    }),
    ...toExperts(pod, layer, (core) => normOf(core).batch),
    overExperts(pod, 'hidden', normOf, 'rows', (core, expert) => hiddenCalls(networkOf(core, expert))),
    ...dropHidden(pod, layer, 'hidden units', (core) => [normOf(core).hidden]),
    overExperts(pod, 'out', normOf, 'rows', (core, expert) => [outCall(networkOf(core, expert), expertRows(core, made(core), expert))]),
    ...allReduce(pod, pod.tensor, made),
    ...fromExperts(pod, layer, (core) => normOf(core).returned),
    onEachGroup(pod, 'combine', layer, ({ core, sublayer, group }) => {
      const { starts, entryRow, entryWeight } = sublayer.groups[group];
      table.combineRows(sublayer.returned, starts, entryRow, entryWeight, ofGroup(pod, core.scratch.partial, group), false);
    }),
    residual(pod, at),
  ];
}

/** combine, dLogits | to the experts | dHidden, dOut | dBatch, dIn, dRouter | sum | from the experts | dNormed | dx, dGain */
export function switchBackward(pod: Pod, layer: number, number: StepNumber): Phase[] {
  const { unit, at, normOf, networkOf, expertRows } = placeOf(pod, layer);
  const { table, plan, buffer } = pod;
  const dPart = (core: CorePlan): TensorView => outputGradient(core, at);
  const atExperts = (core: CorePlan): TensorView => filled(pod, normOf(core), switchScratch(core).atExperts);
  return [
    ...gatherWeights(pod, unit),
    ...clearGradients(pod, unit),
    ...dropGradient(pod, at),
    ...gatherStream(pod, dPart),
    overSent(pod, 'backward of combine', normOf, (core, first, count) => {
      const { returned, slotToken, slotWeight, rows } = normOf(core);
      const { dWeights: ofSlots, dRowWeights } = switchScratch(core);
      const lists = [rows?.token ?? slotToken, rows?.weight ?? slotWeight, dRowWeights ?? ofSlots];
      const [tokens, weights, dWeights] = lists.map((list) => listFrom(list, first));
      const dSource = rowsOf(sentBy(core, atExperts(core)), first, count);
      table.combineRowsBackward(rowsOf(returned, first, count), wholeOf(core, dPart(core)), tokens, weights, dSource, dWeights);
      if (rows !== null && dRowWeights !== null) weightGradientsToSlots(buffer, rows, dRowWeights, ofSlots, first, count);
    }),
    onEachGroup(pod, 'backward of assignment', layer, (place) => assignGroupBackward(pod, number, place)),
    ...toExperts(pod, layer, atExperts),
    ...gatherRouted(pod, layer),
    together(
      overExperts(pod, 'dHidden', normOf, 'rows', (core, expert) => [
        dHiddenCall(networkOf(core, expert), expertRows(core, atExperts(core), expert)),
      ]),
      overExperts(pod, 'dOut', normOf, 'weights', (core, expert) => [
        dOutWeights(networkOf(core, expert), expertRows(core, atExperts(core), expert)),
      ]),
    ),
    ...dropHidden(pod, layer, 'gradients of hidden units', (core) => [switchScratch(core).dSums, switchScratch(core).dGateSums]),
    ...jitterAgain(pod, layer),
    together(
      // The gradient of what experts made is not read again: that of what they got takes its place.
      overExperts(pod, 'dBatch', normOf, 'rows', (core, expert) =>
        dInputCalls(networkOf(core, expert), expertRows(core, atExperts(core), expert)),
      ),
      overExperts(pod, 'dIn', normOf, 'weights', (core, expert) => dInWeights(networkOf(core, expert))),
      ...dRouter(pod, layer),
    ),
    ...allReduce(pod, pod.tensor, atExperts),
    ...fromExperts(pod, layer, ({ scratch }) => scratch.ofSwitch?.slots ?? null),
    onEachGroup(pod, 'dNormed', layer, ({ core, sublayer, group }, lane) => {
      const { starts, entryRow } = sublayer.groups[group];
      const target = ofGroup(pod, core.scratch.dNormed, group);
      table.combineRows(sentBy(core, atExperts(core)), starts, entryRow, null, target, false);
      const { groupTokens } = plan.request.routing;
      addThroughRouter(pod, core, layer, { first: group * groupTokens, count: groupTokens }, target, lane);
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
  const expertRows = (core: CorePlan, view: TensorView, expert: number): Matrix => {
    const first = fillsOf(pod, core, normOf(core));
    return matrixOf(rowsOf(view, first[expert], first[expert + 1] - first[expert]));
  };
  const networkOf = (core: CorePlan, expert: number): FeedForward => {
    const sublayer = normOf(core);
    const place = { index: expert, rowsOf: (view: TensorView): Matrix => expertRows(core, view, expert) };
    return networkAt(pod, core, unit, expertRows(core, sublayer.batch, expert), sublayer, switchScratch(core), place);
  };
  return { unit, at, normOf, normedOf, networkOf, expertRows };
}

/** [E' + 1]: first row of every expert of a core; that of slots does not depend on what was routed. */
function fillsOf({ plan, buffer, experts: group }: Pod, core: CorePlan, { rows }: SwitchSubLayer): Int32Array {
  const experts = (plan.request.model.moe?.experts ?? 0) / (group?.size ?? 1);
  if (rows !== null) return new Int32Array(buffer, rows.heldStarts, experts + 1);
  const rowsOfExpert = rowCount(switchScratch(core).atExperts) / experts;
  return Int32Array.from({ length: experts + 1 }, (_, expert) => expert * rowsOfExpert);
}

/** What of a tensor at the experts has rows: nothing behind the last one is summed or sent. */
function filled({ buffer, plan, experts }: Pod, { rows }: SwitchSubLayer, view: TensorView): TensorView {
  if (rows === null) return view;
  const held = (plan.request.model.moe?.experts ?? 0) / (experts?.size ?? 1);
  return rowsOf(view, 0, new Int32Array(buffer, rows.heldStarts, held + 1)[held]);
}

function rowCount({ shape }: TensorView): number {
  return elementCount(shape) / shape[shape.length - 1];
}

/** A phase over what every core sends: the slots [E, G, C], or its rows. */
function overSent(
  pod: Pod,
  name: string,
  normOf: (core: CorePlan) => SwitchSubLayer,
  run: (core: CorePlan, first: number, count: number) => void,
): Phase {
  const experts = pod.plan.request.model.moe?.experts ?? 0;
  return everywhere(pod, (core) => {
    const { returned, rows } = normOf(core);
    const most = rowCount(returned);
    return chunked(
      `${name} on core ${core.core}`,
      most,
      ROWS_PER_ITEM,
      () => (rows === null ? most : new Int32Array(pod.buffer, rows.homeStarts, experts + 1)[experts]),
      (first, count) => run(core, first, count),
    );
  });
}

/** A product of every expert of every core. */
function overExperts(
  pod: Pod,
  name: string,
  normOf: (core: CorePlan) => SwitchSubLayer,
  kind: GroupedShape['product'],
  calls: (core: CorePlan, expert: number) => GemmCall[],
): Phase {
  const { table, plan } = pod;
  return everywhere(pod, (core) => {
    const first = (): Int32Array => fillsOf(pod, core, normOf(core));
    const [{ left, target }] = calls(core, 0);
    const shape: GroupedShape = {
      product: kind,
      experts: first().length - 1,
      rows: rowCount(switchScratch(core).atExperts),
      depth: kind === 'weights' ? target.rows : left.columns,
      columns: target.columns,
    };
    return grouped({ table, lanes: plan.lanes, first, place: `core ${core.core}` }, name, shape, (expert) => calls(core, expert));
  });
}

/** Where a core has its slots while they are at home: in a place of their own, or where the experts have them if these are all here. */
function sentBy(core: CorePlan, here: TensorView): TensorView {
  const { slots } = switchScratch(core);
  return slots ?? { ...here, shape: [rowCount(here), here.shape[here.shape.length - 1]] };
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

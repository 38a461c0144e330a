import { describe, expect, it } from 'vitest';
import { loadOf } from '../../../src/emulate/index.ts';
import { switchSubLayers } from '../../../src/emulate/pod/outcome.ts';
import { axisSize, meshCoordinate } from '../../../src/layout/index.ts';
import { decisionsOf, movedBytes, type OpenPod, openPod, outcome, valuesOf } from './support.ts';

/** Of the small pods: 16 groups of 32 tokens, 8 experts, rows of 32 numbers in f32. */
const [GROUPS, GROUP, EXPERTS, ROW_BYTES] = [16, 32, 8, 32 * 4];
const LAYER = 1;

const CASES = [
  [1, '{ici: {data: 1}, expertsOver: none}', 1],
  [8, '{ici: {data: 8}, expertsOver: data}', 8],
  [8, '{ici: {data: 4, tensor: 2}, expertsOver: data}', 4],
  [8, '{ici: {data: 2, expert: 4}, expertsOver: expert}', 4],
  [8, '{ici: {data: 2, fsdp: 2, expert: 2}, expertsOver: expert}', 2],
  [8, '{ici: {data: 4, pipeline: 2}, expertsOver: data, microbatches: 2}', 4],
  [8, '{ici: {expert: 4, pipeline: 2}, expertsOver: expert, microbatches: 2}', 4],
] as const;

/** Kept choices by (group, expert), and tokens by group that none serves, from the token that stands in each slot. */
function recount(pod: OpenPod): { readonly kept: number[][]; readonly dropped: number[] } {
  const capacity = pod.plan.request.routing.expertCapacity;
  const tokens = decisionsOf(pod);
  expect(tokens).toHaveLength(GROUPS * EXPERTS * capacity);
  const kept = Array.from({ length: GROUPS }, () => new Array<number>(EXPERTS).fill(0));
  const served = Array.from({ length: GROUPS }, () => new Set<number>());
  for (const [slot, token] of tokens.entries()) {
    if (token < 0) continue;
    const group = Math.floor(slot / (EXPERTS * capacity));
    kept[group][Math.floor(slot / capacity) % EXPERTS]++;
    served[group].add(token);
  }
  return { kept, dropped: served.map(({ size }) => GROUP - size) };
}

/** Bytes from member to member, by who of the mesh has a group and who has an expert. */
function recountTraffic({ plan }: OpenPod, kept: readonly (readonly number[])[], members: number): number[] {
  const { layout, mesh } = plan.request;
  const axis = layout.expertsOver === 'data' ? 'data' : 'expert';
  const bytes = new Array<number>(members * members).fill(0);
  for (const { firstToken, core, tokens, sublayers } of plan.microbatches.flat()) {
    if (sublayers[2 * LAYER + 1] === null || meshCoordinate(mesh, 'tensor', core) > 0) continue;
    const source = meshCoordinate(mesh, axis, core);
    for (let group = firstToken / GROUP; group < (firstToken + tokens) / GROUP; group++) {
      for (const [expert, count] of kept[group].entries()) {
        bytes[source * members + Math.floor((expert * members) / EXPERTS)] += count * ROW_BYTES;
      }
    }
  }
  return bytes;
}

/** Mean over tokens of the square of log(sum of e^logit), from the logits themselves. */
function recountZLoss({ plan, memory }: OpenPod): number {
  let sum = 0;
  for (const { sublayer } of switchSubLayers(plan, LAYER)) {
    const logits = valuesOf(memory, sublayer.logits);
    for (let from = 0; from < logits.length; from += EXPERTS) {
      sum += Math.log(logits.subarray(from, from + EXPERTS).reduce((total, logit) => total + Math.exp(logit), 0)) ** 2;
    }
  }
  return sum / (GROUPS * GROUP);
}

describe.each([
  ['top-1 with drops', { router: 'switch-top1', expertCapacity: 5 }],
  ['top-2 with drops', { router: 'gshard-top2', expertCapacity: 6 }],
] as const)('the load of a step, %s', (_, small) => {
  it.each(CASES)('%i cores, %s: is what a plain count of its slots says', (cores, layout, members) => {
    const pod = openPod(layout, { ...small, cores });
    pod.upTo(1);
    const load = loadOf(pod.plan, pod.memory.buffer);
    const [layer] = load.layers;
    const { kept, dropped } = recount(pod);
    const { layers, auxiliaryLoss } = outcome(pod);
    expect(load.layers).toHaveLength(1);
    expect(layer).toMatchObject({ stack: 'decoder', layer: LAYER, experts: EXPERTS, groups: GROUPS, totalGroups: GROUPS });
    expect([...layer.kept]).toEqual(kept.reduce((sums, own) => sums.map((sum, expert) => sum + own[expert])));
    expect(layer.requested.reduce((sum, one) => sum + one, 0)).toBe(layers[0].requested);
    expect(layer.requested.reduce((sum, one, expert) => sum + one - layer.kept[expert], 0)).toBe(layers[0].dropped);
    expect(layers[0].dropped).toBeGreaterThan(0);
    expect(layer.droppedTokens).toBe(dropped.reduce((sum, one) => sum + one));
    expect([...layer.droppedShareByGroup]).toEqual(dropped.map((one) => one / GROUP));
    expect(layer.auxiliaryLoss).toBeCloseTo(auxiliaryLoss / pod.plan.request.routing.auxiliaryCoefficient, 9);
    expect(layer.routerZLoss / recountZLoss(pod)).toBeCloseTo(1, 5);
    expect(layer.routerConfidence).toBeGreaterThan(1 / EXPERTS);
    expect(layer.routerConfidence).toBeLessThanOrEqual(1);
    if (members === 1) expect([layer.tokenTraffic, load.slotTraffic]).toEqual([null, null]);
    else expect([...(layer.tokenTraffic?.bytes ?? [])]).toEqual(recountTraffic(pod, kept, members));
  });

  it.each(CASES.slice(1))('%i cores, %s: its slots are the bytes that were moved', (cores, layout) => {
    const pod = openPod(layout, { ...small, cores });
    pod.upTo(1);
    const moved = Object.entries(movedBytes(pod)).filter(([key]) => key.startsWith('all-to-all'));
    const slots = loadOf(pod.plan, pod.memory.buffer).slotTraffic ?? [];
    // There and back, forward and backward, by every member of the tensor axis.
    const times = 4 * axisSize(pod.plan.request.layout, 'tensor');
    expect(moved.map(([, bytes]) => bytes)).toEqual(slots.map(({ bytesToOthers }) => times * bytesToOthers));
  });

  it('does not depend on how the tokens are cut, but for who sends to whom', () => {
    const loads = CASES.slice(1, 3).map(([cores, layout]) => {
      const pod = openPod(layout, { ...small, cores });
      pod.upTo(3);
      return loadOf(pod.plan, pod.memory.buffer);
    });
    const [first, second] = loads.map(({ layers }) => [layers[0].requested, layers[0].kept, layers[0].droppedShareByGroup]);
    expect(second).toEqual(first);
    expect(loads[1].fingerprint).not.toBe(loads[0].fingerprint);
  });
});

import { routerZLoss, squaredLogSumExp } from '../../kernels/index.ts';
import { shardsOf } from '../../layout/index.ts';
import { BYTES_PER_ELEMENT, f32Elements, type Stack } from '../../model/index.ts';
import { countAssignment, createRouter } from '../../routing/index.ts';
import type { DeviceTraffic, LayerLoad, Load } from '../../scenario/index.ts';
import { type LayerCounts, layerLoad, loadFingerprint } from '../collect.ts';
import { countTraffic } from '../device-traffic.ts';
import type { EmulationRequest, StackTokens } from '../types.ts';
import { batchPlace, fellowsAlong } from './cores.ts';
import { switchSubLayers } from './outcome.ts';
import type { GroupLists, PodPlan, SwitchSubLayer } from './plan.ts';

const STACK: Stack = 'decoder';

/** Who holds tokens and experts, in the words of an emulation without weights. */
type Holders = Pick<EmulationRequest, 'experts' | 'devices' | 'holders' | 'tokensTravel' | 'dispatchDtype' | 'dModel'>;

/**
 * What routing did in the step that a pod has just run, as the load that a program is lowered with: the choices of every group, from the lists by which its rows were
 * dispatched. A routing group of a core at a microbatch is one of the load, in the order of tokens. The capacity factor is slots per token, E C / S, whatever rule gave the
 * slots. A loss whose coefficient is 0 was not computed and is NaN, but for the z-loss, which follows from the sums of the softmax.
 */
export function loadOf(plan: PodPlan, buffer: ArrayBufferLike): Load {
  const { router, expertCapacity, groupTokens } = plan.request.routing;
  const holders = holdersOf(plan);
  const layers = plan.layers.flatMap((kind, layer) => (kind === 'switch' ? [layer] : []));
  const tokens = stackTokensOf(plan, layers);
  const counted = layers.map((layer) => loadOfLayer(plan, buffer, holders, tokens, layer));
  const load = {
    router,
    capacityFactor: (holders.experts * expertCapacity) / groupTokens,
    kind: 'measured' as const,
    layers: counted,
    totalLayers: layers.length,
    slotTraffic: holders.tokensTravel ? counted.map(({ tokenTraffic }) => handedOver(plan, holders, tokens, tokenTraffic)) : null,
    verification: null,
  };
  return { ...load, fingerprint: loadFingerprint(load) };
}

function stackTokensOf({ request }: PodPlan, layers: readonly number[]): StackTokens {
  const { sequences, sequenceLength, routing } = request;
  const tokens = sequences * sequenceLength;
  const groups = Array.from({ length: tokens / routing.groupTokens }, (_, group) => group);
  return { stack: STACK, tokens, groupTokens: routing.groupTokens, sequenceLength, layers, groups };
}

/** Cores by their part of the batch: those that differ in other axes route the same tokens, and only one of them counts. */
function holdersOf({ request }: PodPlan): Holders {
  const { layout, mesh, model, dtype } = request;
  const { batch, experts: members, expertGroup } = shardsOf(layout);
  const indexOf = expertGroup === null ? null : fellowsAlong(mesh, expertGroup).indexOf;
  const memberOf = new Array<number>(batch).fill(0);
  for (let core = 0; core < mesh.devices; core++) memberOf[batchPlace(mesh, core)] = indexOf?.[core] ?? 0;
  return {
    experts: model.moe?.experts ?? 0,
    devices: batch,
    holders: { members, memberOf },
    tokensTravel: expertGroup !== null,
    dispatchDtype: dtype,
    dModel: model.dModel,
  };
}

function loadOfLayer(plan: PodPlan, buffer: ArrayBufferLike, holders: Holders, tokens: StackTokens, layer: number): LayerLoad {
  const { router, options, groupTokens, expertCapacity, auxiliaryCoefficient } = plan.request.routing;
  const { experts } = holders;
  const groups = tokens.groups.length;
  const { rows, topK, ownCapacity } = createRouter(router, options);
  const rowCount = rows({ tokens: groupTokens, experts, expertCapacity });
  const requested = new Int32Array(groups * experts);
  const kept = new Int32Array(groups * experts);
  const dropped = new Int32Array(groups);
  let [group, keptWeight, auxiliary, squares] = [0, 0, 0, 0];
  for (const { sublayer } of switchSubLayers(plan, layer)) {
    for (const lists of sublayer.groups) {
      const tally = countAssignment(openRows(buffer, lists, rowCount), groupTokens, requested, kept, group * experts);
      dropped[group++] = tally.droppedTokens;
      keptWeight += tally.keptWeight;
      auxiliary += f32Elements(buffer, lists.losses)[0];
    }
    squares += squaresOf(buffer, sublayer, groupTokens);
  }
  const keptRows = kept.reduce((sum, count) => sum + count, 0);
  const counted: LayerCounts = { topK: ownCapacity === null ? topK : rowCount / groupTokens, expertCapacity, requested, kept, dropped };
  return layerLoad(holders, tokens, layer, counted, {
    // Every group's share of the loss is its own mean, times the coefficient over the number of groups.
    auxiliaryLoss: auxiliaryCoefficient === 0 ? Number.NaN : auxiliary / auxiliaryCoefficient,
    routerZLoss: routerZLoss(squares, tokens.tokens),
    routerConfidence: keptRows === 0 ? 0 : keptWeight / keptRows,
  });
}

function openRows(buffer: ArrayBufferLike, lists: GroupLists, rows: number): Parameters<typeof countAssignment>[0] {
  return {
    token: new Int32Array(buffer, lists.token, rows),
    expert: new Int32Array(buffer, lists.expert, rows),
    slot: new Int32Array(buffer, lists.slot, rows),
    requested: new Uint8Array(buffer, lists.requested, rows),
    weight: new Float32Array(buffer, lists.weight, rows),
  };
}

/** Sum over the tokens of a core of the squares of log(sum of e^logit). */
function squaresOf(buffer: ArrayBufferLike, { statistics, groups }: SwitchSubLayer, groupTokens: number): number {
  const all = f32Elements(buffer, statistics);
  return groups.reduce((sum, _, group) => sum + squaredLogSumExp(all.subarray(group * 2 * groupTokens, (group + 1) * 2 * groupTokens)), 0);
}

/** Every group fills the slots of all experts, and every member gets those of its own; without slots the rows are those of tokens. */
function handedOver({ request }: PodPlan, holders: Holders, tokens: StackTokens, ofTokens: DeviceTraffic | null): DeviceTraffic {
  if (request.routing.dispatch === 'dropless' && ofTokens !== null) return ofTokens;
  const members = holders.holders?.members ?? 1;
  const slots = (holders.experts / members) * request.routing.expertCapacity;
  const bytes = slots * holders.dModel * BYTES_PER_ELEMENT[holders.dispatchDtype];
  return countTraffic(
    holders,
    tokens,
    members,
    (member) => member,
    () => bytes,
  );
}

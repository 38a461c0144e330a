import type { MeshAxis } from '../../layout/index.ts';
import type { GateWork } from '../gate-work.ts';
import { type DeviceRows, type LayerRows, type RowBatch, receivedRows } from '../layer-rows.ts';
import type { Sizes } from '../sizes.ts';
import type { SwitchShape } from '../switch-shape.ts';

/**
 * The letters of a Switch layer's blocks. Per device:
 *   a, w, r bytes of an activation, of a weight and of a router score   G groups of S tokens, T = G S   d dModel   k choices per token
 *   E experts, L of them here   C slots per expert and group   F dExpert   g matrices into the hidden layer
 */
export interface SwitchNumbers {
  readonly a: number;
  readonly w: number;
  readonly r: number;
  readonly T: number;
  readonly G: number;
  readonly S: number;
  readonly d: number;
  readonly E: number;
  readonly L: number;
  readonly C: number;
  readonly k: number;
  readonly F: number;
  readonly g: number;
  readonly gate: GateWork;
  /** Choices of the device's tokens: k T, or as many as were made. */
  readonly choices: number;
  /** Rows of the local experts, filled or not; the number of rows in all, and of experts that have any. */
  readonly batches: readonly RowBatch[];
  readonly rows: number;
  readonly active: number;
  /** Elements that are sent to the experts [.., d], that arrive here [rows, d], and of the hidden layer [rows, g F]. */
  readonly sent: number;
  readonly received: number;
  readonly hidden: number;
  /** The all-to-all to the experts; null when no token travels. */
  readonly exchange: Exchange | null;
}

export interface Exchange {
  readonly axis: MeshAxis;
  readonly members: number;
  /** That the mean device sends, to itself included. */
  readonly bytes: number;
  readonly toExperts: Float64Array | null;
  readonly fromExperts: Float64Array | null;
}

/** With slots: every expert has C rows for each group whose tokens reach it, whoever was routed where. */
export function paddedNumbers(sizes: Sizes, shape: SwitchShape): SwitchNumbers {
  const { experts: E, expertCapacity: C, expertsPerDevice: L, groupsPerDevice: G } = shape;
  // With experts on an axis, a device gets its experts' slots from every group; with all experts local, only from its own groups.
  const rows = C * (L === E ? G : shape.groups);
  const sent = G * E * C * sizes.model.dModel;
  const rest = numbersOf(sizes, shape, [{ rows, experts: L }], exchangeOf(sizes, sizes.activationBytes * sent, null));
  return { ...rest, choices: shape.topK * rest.T, sent };
}

/** Without slots: as many rows as were routed here. One entry where all devices are alike, else [devices]. */
export function droplessNumbers(sizes: Sizes, shape: SwitchShape, layer: LayerRows): SwitchNumbers[] {
  const exchange = exchangeOf(sizes, layer.bytes, layer.traffic);
  return layer.devices.map(({ batches, sent: choices }: DeviceRows) => ({
    ...numbersOf(sizes, shape, batches, exchange),
    choices,
    sent: choices * sizes.model.dModel,
  }));
}

function numbersOf(
  sizes: Sizes,
  shape: SwitchShape,
  batches: readonly RowBatch[],
  exchange: Exchange | null,
): Omit<SwitchNumbers, 'choices' | 'sent'> {
  const { model, activationBytes: a, weightBytes: w, routerBytes: r } = sizes;
  const { groupTokens: S, experts: E, expertCapacity: C, expertsPerDevice: L, groupsPerDevice: G, topK: k, gate } = shape;
  const d = model.dModel;
  const F = model.moe?.dExpert ?? 0;
  const g = model.ffnMatrices - 1;
  const rows = receivedRows(batches);
  const active = batches.reduce((count, batch) => count + (batch.rows > 0 ? batch.experts : 0), 0);
  return { a, w, r, T: G * S, G, S, d, E, L, C, k, F, g, gate, batches, rows, active, received: rows * d, hidden: rows * g * F, exchange };
}

function exchangeOf({ layout }: Sizes, bytes: number, traffic: Float64Array | null): Exchange | null {
  const axis = layout.expertsOver;
  if (axis === 'none' || layout.ici[axis] === 1) return null;
  const members = layout.ici[axis];
  return { axis, members, bytes, toExperts: traffic, fromExperts: traffic === null ? null : transposed(traffic, members) };
}

/** What was sent to the experts comes back. */
function transposed(traffic: Float64Array, members: number): Float64Array {
  return traffic.map((_, pair) => traffic[(pair % members) * members + Math.floor(pair / members)]);
}

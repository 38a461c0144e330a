import { assert, type Bytes } from '../base/index.ts';
import { axisCoordinate, deviceOfExpert, meshDevices, shardsOf } from '../layout/index.ts';
import { BYTES_PER_ELEMENT, type Stack } from '../model/index.ts';
import type { LayerLoad, Load, Scenario } from '../scenario/index.ts';
import { stepTraffic } from './step-traffic.ts';
import type { SwitchShape } from './switch-shape.ts';

/** Experts of one device that have equally many rows: one batch of a grouped matrix product. */
export interface RowBatch {
  readonly rows: number;
  readonly experts: number;
}

/** What dropless dispatch brings to one device, and what leaves it. Rows are choices; fractions come from samples and from means. */
export interface DeviceRows {
  /** All experts of the device, those without rows too. */
  readonly batches: readonly RowBatch[];
  /** Choices of the device's own tokens. */
  readonly sent: number;
}

/** One Switch layer under dropless dispatch, for the whole step. */
export interface LayerRows {
  /** One entry where all devices have the same, else [devices]. */
  readonly devices: readonly DeviceRows[];
  /** Bytes that the mean device sends in one dispatch, to itself included. */
  readonly bytes: Bytes;
  /** [members, members] along the axis of the experts, row = source; null when every member sends as much to every other, or none. */
  readonly traffic: Float64Array | null;
}

/**
 * Where the choices of one layer lie. Without a load every expert gets the same. Otherwise the layer has the load that was routed for it, scaled
 * from the routed groups to all; a layer that was not routed has that of the nearest one that was, of its own stack if there is any. (A mean over
 * layers would flatten what sets the time: every layer has its own hot experts.)
 */
export function layerRows(scenario: Scenario, shape: SwitchShape, layer: number, load: Load | null): LayerRows {
  const { experts, topK, tokens, expertsPerDevice } = shape;
  const bytesPerRow = scenario.model.dModel * BYTES_PER_ELEMENT[scenario.precision.matmul];
  const { batch, expertAxis } = shardsOf(scenario.layout);
  if (load === null) {
    const rows = (tokens * topK) / experts / (expertAxis === null ? batch : 1);
    const sent = (tokens * topK) / batch;
    return { devices: [{ batches: [{ rows, experts: expertsPerDevice }], sent }], bytes: sent * bytesPerRow, traffic: null };
  }
  const source = nearestLayer(load, shape.stack, layer);
  const scale = tokens / (source.groups * source.groupTokens);
  const kept = source.kept.map((count) => count * scale);
  if (source.tokenTraffic === null) {
    const sent = sum(kept) / batch;
    return { devices: [{ batches: batchesOf(kept.map((rows) => rows / batch)), sent }], bytes: sent * bytesPerRow, traffic: null };
  }
  return spreadRows(scenario, kept, stepTraffic(source, source.tokenTraffic, scale), bytesPerRow);
}

/** The load of a layer, or of the nearest one that was routed, of its own stack if there is any. */
export function nearestLayer(load: Load, stack: Stack, layer: number): LayerLoad {
  const own = load.layers.filter((candidate) => candidate.stack === stack);
  const [first, ...rest] = own.length > 0 ? own : load.layers;
  assert(first !== undefined, 'a load has layers');
  return rest.reduce((near, other) => (Math.abs(other.layer - layer) < Math.abs(near.layer - layer) ? other : near), first);
}

/** Rows of the device that has most, and choices of the one that sends most: what buffers must hold. */
export function largestRows({ devices }: LayerRows): { readonly received: number; readonly sent: number } {
  return {
    received: devices.reduce((most, { batches }) => Math.max(most, receivedRows(batches)), 0),
    sent: devices.reduce((most, { sent }) => Math.max(most, sent), 0),
  };
}

export function receivedRows(batches: readonly RowBatch[]): number {
  return batches.reduce((total, { rows, experts }) => total + rows * experts, 0);
}

/** Experts over an axis: `kept` [experts] by place along it, and `traffic` [places, places] as it was counted. */
function spreadRows({ layout }: Scenario, kept: Float64Array, traffic: Float64Array, bytesPerRow: number): LayerRows {
  const { expertAxis, experts: places } = shardsOf(layout);
  assert(expertAxis !== null && traffic.length === places * places, `traffic of ${traffic.length} pairs over ${places} places`);
  const byPlace = Array.from({ length: places }, (_, place): DeviceRows => {
    const local = kept.filter((_rows, expert) => deviceOfExpert(expert, kept.length, places) === place);
    return { batches: batchesOf(local), sent: sum(traffic.subarray(place * places, (place + 1) * places)) / bytesPerRow };
  });
  const bytes = sum(traffic) / places;
  const isUniform = traffic.every((pair) => pair === traffic[0]);
  const first = JSON.stringify(byPlace[0]);
  const allAlike = byPlace.every((rows) => JSON.stringify(rows) === first);
  const devices = allAlike
    ? [byPlace[0]]
    : Array.from({ length: meshDevices(layout) }, (_, device) => byPlace[axisCoordinate(layout, expertAxis, device)]);
  return { devices, bytes, traffic: isUniform ? null : traffic };
}

/** Experts with equally many rows run as one batch; `rows` [experts of the device]. */
function batchesOf(rows: Float64Array): RowBatch[] {
  const experts = new Map<number, number>();
  for (const count of rows) experts.set(count, (experts.get(count) ?? 0) + 1);
  return Array.from(experts, ([count, of]) => ({ rows: count, experts: of }));
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

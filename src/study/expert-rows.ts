import { dispatchBytesPerPair, switchShape } from '../program/index.ts';
import type { ExpertLoadRow, LayerTraffic } from '../result/index.ts';
import { maxOverMean } from '../routing/index.ts';
import type { LayerLoad, Load, Scenario } from '../scenario/index.ts';

/** What routing did, layer by layer, as plain JSON. */
export function expertLoadRows(load: Load): ExpertLoadRow[] {
  return load.layers.map((layer) => ({
    stack: layer.stack,
    layer: layer.layer,
    requested: Array.from(layer.requested),
    kept: Array.from(layer.kept),
    slotsPerExpert: layer.expertCapacity * layer.groups,
    expertCapacity: layer.expertCapacity,
    groupTokens: layer.groupTokens,
    groups: layer.groups,
    totalGroups: layer.totalGroups,
    droppedTokenFraction: layer.droppedTokens / (layer.groups * layer.groupTokens),
    maxOverMean: maxOverMean(layer.requested),
    routerConfidence: orNull(layer.routerConfidence),
    auxiliaryLoss: orNull(layer.auxiliaryLoss),
  }));
}

/** More rows than this are not told apart in a picture, and 2,048 x 2,048 numbers per layer are no longer a result to keep. */
const TRAFFIC_ROWS = 64;

export function trafficRows(load: Load, scenario: Scenario): LayerTraffic[] {
  return load.layers.map((layer) => {
    const devices = devicesOf(layer);
    const devicesPerRow = Math.ceil(devices / TRAFFIC_ROWS);
    const rows = Math.ceil(devices / devicesPerRow);
    const tokenBytes = new Array<number>(rows * rows).fill(0);
    for (let source = 0; source < devices; source++) {
      const row = Math.floor(source / devicesPerRow) * rows;
      for (let destination = 0; destination < devices; destination++) {
        tokenBytes[row + Math.floor(destination / devicesPerRow)] += layer.tokenBytes[source * devices + destination];
      }
    }
    const slotBytesPerPair = dispatchBytesPerPair(scenario, switchShape(scenario, layer.stack));
    return { stack: layer.stack, layer: layer.layer, rows, devicesPerRow, tokenBytes, slotBytesPerPair };
  });
}

/** Mean over layers of max / mean requested load. */
export function meanMaxOverMean(load: Load): number {
  return load.layers.reduce((sum, layer) => sum + maxOverMean(layer.requested), 0) / load.layers.length;
}

function devicesOf(layer: LayerLoad): number {
  return Math.round(Math.sqrt(layer.tokenBytes.length));
}

/** JSON has no NaN. */
function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

import { dispatchBytesPerPair, switchShape } from '../program/index.ts';
import type { LayerTraffic } from '../result/index.ts';
import type { Load, Scenario } from '../scenario/index.ts';

/** Who sends how much to whom, layer by layer; nothing where every device holds all experts. */
export function trafficRows(load: Load, scenario: Scenario): LayerTraffic[] {
  return load.layers.flatMap((layer, row) => {
    const { tokenTraffic } = layer;
    if (tokenTraffic === null) return [];
    const { devices, devicesPerRow, rows, bytes } = tokenTraffic;
    const slotBytesPerPair = (dispatchBytesPerPair(scenario, switchShape(scenario, layer.stack)) * layer.groups) / layer.totalGroups;
    return [
      {
        stack: layer.stack,
        layer: layer.layer,
        devices,
        rows,
        devicesPerRow,
        tokenBytes: Array.from(bytes),
        slotBytesPerPair,
        predictedBytesToOthers: slotBytesPerPair * devices * (devices - 1),
        executedBytesToOthers: load.slotTraffic?.[row].bytesToOthers ?? null,
      },
    ];
  });
}

import { type Chip, chipCount, defaultWrap } from '../hardware/index.ts';
import { MESH_AXES, type Scenario } from '../scenario/index.ts';
import type { SliceCandidate } from './candidates.ts';

/**
 * The same training on another slice: the batch stays, the data axis takes what the other axes leave of the devices, and routing groups that were
 * a multiple of the data axis follow it. On the scenario's own slice nothing changes but that what is slow, late or broken is made nominal: it
 * belongs to one machine, not to a plan. A twist stays on that slice. The data axis is not whole where the other axes do not divide the devices.
 */
export function onSlice(scenario: Scenario, chip: Chip, { shape, wrap }: SliceCandidate): Scenario {
  const { topology, layout, routing } = scenario;
  const devices = chipCount(shape) * chip.devicesPerChip;
  const others = MESH_AXES.reduce((product, axis) => (axis === 'data' ? product : product * layout.ici[axis]), 1);
  const data = devices / others;
  const isOwn = shape.join() === topology.shape.join();
  const follows = routing.groupsMultipleOf === layout.ici.data;
  return {
    ...scenario,
    topology: {
      chip: topology.chip,
      shape,
      wrap: wrap ?? (isOwn ? topology.wrap : defaultWrap(chip, shape)),
      slices: topology.slices,
      slowDevices: [],
      ...(isOwn && topology.twisted === true ? { twisted: true } : {}),
    },
    layout: { ...layout, ici: { ...layout.ici, data } },
    routing: { ...routing, groupsMultipleOf: follows ? data : routing.groupsMultipleOf },
  };
}

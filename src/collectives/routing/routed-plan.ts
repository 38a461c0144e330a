import { createLinkLoads } from '../link-loads.ts';
import type { CollectiveRequest, GroupPlan } from '../plan.ts';
import { addBalancedLoads } from './balanced/loads.ts';
import { addOutsideLoads, outsideBytes } from './between-slices.ts';
import { routingOf } from './choose-routing.ts';
import { busiestChipBytes } from './on-chip.ts';
import { addOrderedLoads } from './ordered/loads.ts';
import { membersBySlice } from './slice-members.ts';
import type { Traffic } from './traffic.ts';

/** One phase: all of the traffic at once, each pair by its shortest ways, and the bytes that every link carries. */
export function routedPlan(request: CollectiveRequest, traffic: Traffic): GroupPlan {
  const { topology, devices } = request;
  const parts = membersBySlice(topology, devices);
  const routing = routingOf(request, parts);
  const loads = createLinkLoads(topology.links.count);
  let hops = 0;
  for (const part of parts) {
    const { grid } = part;
    hops = Math.max(
      hops,
      grid !== null && routing !== 'balanced'
        ? addOrderedLoads(loads, grid, part, devices.length, traffic, routing)
        : addBalancedLoads(loads, topology, part, devices.length, traffic),
    );
  }
  const outside = outsideBytes(parts, devices.length, traffic);
  if (outside) addOutsideLoads(loads, topology, devices, outside);
  // Of the longest way that is used.
  const latencySeconds = Math.max(hops * topology.hopLatencySeconds, outside ? (topology.hosts?.latencySeconds ?? 0) : 0);
  return { devices, phases: [{ ...loads.phase(latencySeconds), localBytes: busiestChipBytes(topology, devices, traffic) }] };
}

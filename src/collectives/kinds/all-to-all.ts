import { phaseOf } from '../link-loads.ts';
import { type MemberGrid, memberGrid, wiresBetween } from '../member-grid.ts';
import { gridChip, trafficLoads, uniformLoads } from '../minimal-routing.ts';
import type { Collective, CollectiveRequest } from '../plan.ts';

/**
 * Every member sends a block to every member: `bytes` / members each, or what `traffic` says. One phase; the busiest link sets its time.
 * Dispatch and combine of a Switch layer are this.
 */
export const allToAll: Collective = {
  plan: (request) => {
    const { topology, devices } = request;
    const grid = memberGrid(topology, devices);
    const { loads, localBytes } = request.traffic ? fromTraffic(request, grid, request.traffic) : uniform(request, grid);
    const wires = grid.axes.reduce((sum, along) => sum + wiresBetween(grid, along, Math.floor(along.positions.length / 2)), 0);
    return { devices, phases: [{ ...phaseOf(loads, wires * topology.hopLatencySeconds), localBytes }] };
  },
  sentBytesPerDevice: (bytes, members) => (bytes * (members - 1)) / members,
};

interface Loads {
  readonly loads: Float64Array;
  readonly localBytes: number;
}

function uniform({ devices, bytes }: CollectiveRequest, grid: MemberGrid): Loads {
  const perPair = bytes / devices.length;
  const c = grid.membersPerChip;
  return { loads: uniformLoads(grid, perPair * c * c), localBytes: perPair * c * (c - 1) };
}

/** Members of one chip exchange through HBM; the rest is summed by chip before it is routed. */
function fromTraffic({ topology, devices }: CollectiveRequest, grid: MemberGrid, traffic: Float64Array): Loads {
  const members = devices.length;
  const chipOf = Array.from(devices, (device) => gridChip(topology, grid.axes, device));
  const chipTraffic = new Float64Array(grid.chips * grid.chips);
  const local = new Float64Array(grid.chips);
  for (let from = 0; from < members; from++) {
    for (let to = 0; to < members; to++) {
      const bytes = traffic[from * members + to];
      if (chipOf[from] !== chipOf[to]) chipTraffic[chipOf[from] * grid.chips + chipOf[to]] += bytes;
      else if (from !== to) local[chipOf[from]] += bytes;
    }
  }
  return { loads: trafficLoads(grid, chipTraffic), localBytes: local.reduce((most, bytes) => Math.max(most, bytes), 0) };
}

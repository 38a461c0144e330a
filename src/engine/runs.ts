import type { EventHeap, Picoseconds } from '../base/index.ts';
import type { Program } from '../program/index.ts';
import { Happens } from './events.ts';
import type { LiveTransfers } from '../network/index.ts';
import type { PreparedPlan } from './prepare.ts';

/** What the devices hear of their collectives. */
export interface RunListener {
  /** The last member of a group has joined: bytes begin to move. */
  readonly began: (task: number, device: number, now: Picoseconds) => void;
  readonly ended: (task: number, device: number, now: Picoseconds) => void;
}

/** Collectives at work. A run is one group of one collective: it gathers its members, then goes through its phases. */
export interface Runs {
  /** False when the device takes no part: nothing to wait for. */
  join(collective: number, device: number, now: Picoseconds): boolean;
  arrived(run: number, now: Picoseconds): void;
  drained(version: number, now: Picoseconds): void;
  settle(now: Picoseconds): void;
}

export function createRuns(
  program: Program,
  plans: readonly PreparedPlan[],
  network: LiveTransfers,
  heap: EventHeap,
  listener: RunListener,
): Runs {
  const { collectives } = program;
  const firstRun = firstRuns(program);
  const runCount = firstRun[collectives.length];
  const collectiveOf = new Uint32Array(runCount);
  for (let c = 0; c < collectives.length; c++) collectiveOf.fill(c, firstRun[c], firstRun[c + 1]);
  const joined = new Uint32Array(runCount);
  const phaseOf = new Int32Array(runCount).fill(-1);
  let settleIsDue = false;
  let drainVersion = 0;

  const groupOf = (run: number) => plans[collectives[collectiveOf[run]].plan].groups[run - firstRun[collectiveOf[run]]];
  const taskOf = (run: number) => collectives[collectiveOf[run]].task;

  const settleLater = (now: Picoseconds): void => {
    if (!settleIsDue) heap.push(now, Happens.settle, 0);
    settleIsDue = true;
  };

  const startPhase = (run: number, now: Picoseconds): void => {
    const phase = groupOf(run).phases[++phaseOf[run]];
    if (phase !== undefined && phase.transfer.seconds > 0) {
      network.start(run, phase.transfer, now);
      settleLater(now);
    } else {
      // Nothing to move: only a latency, or a collective without phases, which still ends by an event of its own.
      heap.push(now + (phase?.latency ?? 0), Happens.arrived, run);
    }
  };

  return {
    join(collective, device, now) {
      const { groupOf: groupOfDevice, groups } = plans[collectives[collective].plan];
      const group = groupOfDevice[device];
      if (group < 0) return false;
      const run = firstRun[collective] + group;
      if (++joined[run] < groups[group].devices.length) return true;
      for (const member of groups[group].devices) listener.began(taskOf(run), member, now);
      startPhase(run, now);
      return true;
    },
    arrived(run, now) {
      const { devices, phases } = groupOf(run);
      if (phaseOf[run] + 1 < phases.length) startPhase(run, now);
      else for (const member of devices) listener.ended(taskOf(run), member, now);
    },
    drained(version, now) {
      // Rates have changed since this event was planned: a later one stands in for it.
      if (version !== drainVersion) return;
      for (const run of network.takeFinished(now)) heap.push(now + groupOf(run).phases[phaseOf[run]].latency, Happens.arrived, run);
      settleLater(now);
    },
    settle(now) {
      settleIsDue = false;
      drainVersion++;
      const next = network.settle(now);
      if (next >= 0) heap.push(next, Happens.drained, drainVersion);
    },
  };
}

/** Runs of collective c are firstRun[c] .. firstRun[c + 1] - 1, one per group of its plan. */
function firstRuns({ collectives, plans }: Program): Uint32Array {
  const first = new Uint32Array(collectives.length + 1);
  for (const [c, { plan }] of collectives.entries()) first[c + 1] = first[c] + plans[plan].groups.length;
  return first;
}

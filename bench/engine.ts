/**
 * Speed of the emulator: event queue in events per second, and one step of 32 devices. Run with `npx tsx bench/engine.ts`.
 * Prints the best of five; wall times, so close other programs.
 */
import { estimate } from '../src/analytic/index.ts';
import { createEventHeap } from '../src/base/index.ts';
import { COLLECTIVES, type CollectiveKind } from '../src/collectives/index.ts';
import { simulate } from '../src/engine/index.ts';
import { buildTopology } from '../src/hardware/index.ts';
import { type CollectivePlan, type Program, TaskKind } from '../src/program/index.ts';

for (const pending of [1_000, 10_000, 100_000]) {
  const seconds = best(() => holdModel(pending, 1_000_000));
  console.log(`event queue, ${pending} pending: ${(1 / seconds).toFixed(1)} million events/s`);
}

const topology = buildTopology(
  { shape: [4, 4], wrap: [false, false], devicesPerChip: 2, linkBytesPerSecond: 70e9, hopLatencySeconds: 1e-6, localBytesPerSecond: 450e9 },
  'bench',
  'none',
);
for (const overlap of [false, true]) {
  const program = trainingLike(1_500, overlap);
  let events = 0;
  const seconds = best(() => {
    events = simulate(program, topology).events;
  });
  const note = overlap ? 'collectives overlapping and sharing links' : 'collectives in the way';
  console.log(`simulate, 32 devices x ${program.tasks.count} tasks, ${note}: ${(seconds * 1e3).toFixed(1)} ms, ${events} events`);
  console.log(`estimate, the same: ${(best(() => estimate(program, topology)) * 1e3).toFixed(2)} ms`);
}

/** Pop one event, push one at a pseudo-random later time: the usual load of an event queue. */
function holdModel(pending: number, events: number): void {
  const heap = createEventHeap(pending);
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  for (let i = 0; i < pending; i++) heap.push(next(), 0, i);
  for (let i = 0; i < events; i++) {
    heap.pop();
    heap.push(heap.time + next(), 0, heap.payload);
  }
}

/** Blocks of four computations and a collective over all devices, which the next block or only the one after it waits for. */
function trainingLike(count: number, overlap: boolean): Program {
  const kinds: CollectiveKind[] = ['all-to-all', 'all-reduce'];
  const devices = Uint32Array.from({ length: topology.devices }, (_, device) => device);
  const plans: CollectivePlan[] = kinds.map((kind) => ({
    kind,
    groups: [COLLECTIVES[kind].plan({ topology, devices, bytes: 4e6 })],
    sentBytesPerDevice: COLLECTIVES[kind].sentBytesPerDevice(4e6, devices.length),
  }));
  const isCollective = (task: number) => task % 5 === 4;
  const tasks = Array.from({ length: count }, (_, task) => task);
  const after = tasks.map((task) =>
    [task - 1, task - 6].filter((earlier) => earlier >= 0 && (!overlap || !isCollective(earlier) || earlier < task - 5)),
  );
  const collectives = tasks.filter(isCollective).map((task, i) => ({ task, kind: kinds[i % 2], meshAxis: 'data', plan: i % 2 }));
  const seconds = Float64Array.from(tasks, (task) => (isCollective(task) ? 0 : 1e-5 * (1 + (task % 7))));
  const offsets = [0];
  for (const row of after) offsets.push(offsets[offsets.length - 1] + row.length);
  const zeros = new Float64Array(count);
  return {
    devices: topology.devices,
    tasks: {
      count,
      kind: Uint8Array.from(tasks, (task) => (isCollective(task) ? TaskKind.collective : TaskKind.compute)),
      name: new Uint32Array(count),
      stage: new Uint8Array(count),
      part: new Uint32Array(count),
      mxuFlops: zeros,
      vectorOps: zeros,
      hbmBytes: zeros,
      seconds,
      picoseconds: seconds.map((one) => Math.round(one * 1e12)),
      deviceRow: new Int32Array(count).fill(-1),
      collective: Int32Array.from(tasks, (task) => (isCollective(task) ? (task - 4) / 5 : -1)),
      dependencyOffsets: Uint32Array.from(offsets),
      dependencies: Uint32Array.from(after.flat()),
    },
    collectives,
    plans,
    buffers: { count: 0, name: new Uint32Array(), bytes: new Float64Array(), allocatedAt: new Int32Array(), freedAt: new Int32Array() },
    names: ['task'],
    deviceTimes: [],
    slowdown: Float64Array.from(devices, (device) => 1 + device / 1000),
    start: new Float64Array(topology.devices),
    jitter: null,
    modelFlops: 0,
    executedFlops: 0,
  };
}

function best(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    run();
    least = Math.min(least, (performance.now() - start) / 1e3);
  }
  return least;
}

import type { Bytes, BytesPerSecond, Flops } from '../base/index.ts';
import { type Chip, coreOf, type Topology } from '../hardware/index.ts';
import { axisSize, type LayoutSpec, stateBytes } from '../layout/index.ts';
import type { Scenario } from '../scenario/index.ts';
import { createBuilder } from './builder.ts';
import { checkProgram } from './check.ts';
import { emitRun } from './emit-pass.ts';
import { createLane, createPlan, type Lane, type Plan } from './lanes.ts';
import { createLiveTensors } from './live-tensors.ts';
import { createPlans } from './plans.ts';
import type { Program, TaskTable } from './program.ts';
import { createStageLinks, sumTiedGradients } from './stage-links.ts';
import { type Chain, inOneOrder, microbatchesAtEnd, runsOf, stagePasses } from './step-schedule.ts';
import type { Emission } from './stream.ts';
import { jitterOf, slowdowns, startSkew } from './unevenness.ts';
import { emitUpdates, type UpdateRule } from './update.ts';
import { WORKING_COPY } from './weight-traffic.ts';

/**
 * Strings units into a step: by the schedule of the pipeline, with what is made again, gathers and reductions of weights, updates, and copies to and from the
 * host. It knows nothing of what units compute.
 */
export function lowerChains(scenario: Scenario, chip: Chip, topology: Topology, chains: readonly Chain[], modelFlops: Flops): Program {
  const { layout, workload } = scenario;
  const plans = createPlans(topology, layout);
  const emission: Emission = {
    builder: createBuilder(coreOf(chip), hostBytesPerSecond(chip)),
    plans,
    live: createLiveTensors(),
    merges: axisSize(layout, 'pipeline') > 1 || layout.microbatches > MOST_WHOLE_MICROBATCHES,
    clock: { step: 0 },
  };
  const plan = createPlan(chains, layout, workload.remat, scenario.precision);
  const deviceSets = emitStep(emission, plan, { layout, spec: workload, types: scenario.precision });
  const { tasks, deviceTimes, collectives, buffers, names } = emission.builder.finish();
  const program: Program = {
    devices: topology.devices,
    deviceSets,
    tasks,
    collectives,
    plans: plans.all,
    buffers,
    names,
    deviceTimes,
    slowdown: slowdowns(scenario, topology),
    start: startSkew(scenario, topology),
    jitter: jitterOf(scenario),
    modelFlops,
    executedFlops: executedFlops(tasks, deviceSets, topology.devices),
  };
  checkProgram(program);
  return program;
}

/** With more microbatches than these, neighbouring computations of one part become one task. */
const MOST_WHOLE_MICROBATCHES = 8;

/** Appends everything; returns the sets of devices that tasks refer to. */
function emitStep(emission: Emission, plan: Plan, rule: UpdateRule): Uint8Array[] {
  const { layout } = rule;
  const stages = axisSize(layout, 'pipeline');
  const passes = stagePasses(plan.chains, layout);
  const deviceSets = stages === 1 ? [] : passes.map((_, stage) => emission.plans.deviceSet(stage));
  const lanes = passes.map((own, stage) => createLane(emission, plan, own, stage, stages === 1 ? -1 : stage));
  const links = createStageLinks(emission, plan, lanes, deviceSets);
  for (const run of inOneOrder(passes, runsOf(layout))) {
    emitRun(emission, plan, lanes[run.stage], run);
    // The stage before does not wait for what this one reduces.
    links.send(run);
    if (run.pass === 'backward') lanes[run.stage].reductions.endOfPass();
  }
  const learns = plan.chains.some((chain) => chain.learns);
  if (learns) {
    const tied = sumTiedGradients(lanes, links);
    for (const lane of lanes) emitUpdates(emission, lane.stream, rule, tied(lane));
  }
  for (const lane of lanes) keepState(emission, lane, rule, learns);
  keepResident(emission, plan, lanes, layout);
  emission.live.finish(emission.builder);
  return deviceSets;
}

/** Weights and optimizer state that are in device memory for the whole step. */
function keepState({ builder }: Emission, { groups, lastUses, stream }: Lane, { layout, spec, types }: UpdateRule, learns: boolean): void {
  const all = stateBytes(
    groups.flatMap(({ matrices }) => matrices),
    layout,
    spec,
    types,
  );
  const learned = stateBytes(
    groups.filter(({ isLearned }) => isLearned).flatMap(({ matrices }) => matrices),
    layout,
    spec,
    types,
  );
  if (!layout.offload.weights) builder.buffer('weights', all.weights, -1, -1, stream.deviceSet);
  const working = new Map<number, Bytes>();
  for (const group of groups) {
    const until = lastUses.get(group) ?? -1;
    working.set(
      until,
      group.blocks.reduce((sum, { workingBytes }) => sum + workingBytes, working.get(until) ?? 0),
    );
  }
  for (const [until, bytes] of working) if (bytes > 0) builder.buffer(WORKING_COPY, bytes, -1, until, stream.deviceSet);
  if (learns && !layout.offload.optimizer) builder.buffer('optimizer state', learned.optimizer, -1, -1, stream.deviceSet);
}

/** Tensors that are there for the whole step: caches, and what a teacher said, of as many microbatches as wait for it. */
function keepResident({ builder }: Emission, { chains }: Plan, lanes: readonly Lane[], layout: LayoutSpec): void {
  const microbatches = microbatchesAtEnd(
    layout,
    chains.some((chain) => chain.learns),
  );
  for (const { passes, stream } of lanes) {
    const forward = passes.filter(({ pass, microbatch }) => pass === 'forward' && microbatch === 0).flatMap(({ units }) => units);
    for (const { chain, unit } of forward) {
      const { tensors, resident } = chain.units[unit];
      for (const { name, label, bytes } of tensors) {
        if (resident.includes(name)) builder.buffer(label, bytes * microbatches, -1, -1, stream.deviceSet);
      }
    }
  }
}

/** What one device has of its chip's wire to the host; the devices of a chip share it. */
function hostBytesPerSecond({ pcieBytesPerSecond, devicesPerChip }: Chip): BytesPerSecond {
  return pcieBytesPerSecond / devicesPerChip;
}

function executedFlops({ count, mxuFlops, deviceSet }: TaskTable, sets: readonly Uint8Array[], devices: number): number {
  const members = sets.map((set) => set.reduce((sum, one) => sum + one, 0));
  let flops = 0;
  for (let task = 0; task < count; task++) flops += mxuFlops[task] * (deviceSet[task] < 0 ? devices : members[deviceSet[task]]);
  return flops;
}

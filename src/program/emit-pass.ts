import { emitSteps, type PassScope } from './emit.ts';
import { chainPrefix, type Lane, type Plan, stepsOf } from './lanes.ts';
import type { LiveTensor } from './live-tensors.ts';
import { awaitsLoop, closeStacks, loopOf, openStacks, turnsOf } from './stacks.ts';
import type { RunPass, UnitPass } from './step-schedule.ts';
import type { Emission } from './stream.ts';
import { endsEncoder, tensorKey } from './tensor-key.ts';
import { type ComputeStep, ENCODER_OUTPUT, gradientOf, type Tensor, type Unit } from './unit.ts';

/** Appends all passes of the units of one run. */
export function emitRun(emission: Emission, plan: Plan, lane: Lane, run: RunPass): void {
  for (const [index, pass] of run.units.entries()) {
    if (pass.pass === 'backward') {
      for (const next of run.units.slice(index, index + 2)) if (loopOf(next) === loopOf(pass)) fetchOffloaded(emission, plan, lane, next);
    }
    const turns = pass.pass === 'backward' ? turnsOf(run.units, index) : null;
    if (turns !== null) lane.reductions.awaitLoop(awaitsLoop(run.units, index));
    if (turns?.isFirst) openStacks(emission, lane, turns.passes);
    emitUnit(emission, plan, lane, pass, run.isLast);
    if (pass.pass === 'forward' && pass.chain.learns) offload(emission, plan, lane, pass);
    if (turns?.isLast) closeStacks(emission, plan, lane, turns.passes);
  }
}

function emitUnit(emission: Emission, plan: Plan, lane: Lane, pass: UnitPass, isLastMicrobatch: boolean): void {
  const { again, steps } = stepsOf(plan, pass);
  const scope = scopeOf(lane, pass, isLastMicrobatch);
  if (pass.pass === 'backward') for (const name of plan.remadeOf(scope.unit).remade) emission.live.close(scope.keyOf(name));
  emitSteps(emission, lane.stream, lane.gathers, plan.layout, scope, again, 'recompute');
  emitSteps(emission, lane.stream, lane.gathers, plan.layout, scope, steps);
  lane.stream.flush();
}

function scopeOf(lane: Lane, pass: UnitPass, isLastMicrobatch: boolean): PassScope {
  const unit = pass.chain.units[pass.unit];
  const uses = lane.usesOf.get(pass);
  const tensorOf = createTensors(pass);
  const last = pass.pass === 'backward' ? lastContributions(unit) : new Map<string, ComputeStep>();
  return {
    unit,
    prefix: chainPrefix(pass.chain),
    keyOf: (name) => tensorKey(pass, lane.stage, name),
    tensorOf,
    useOf: (group) => uses?.get(group) ?? null,
    arrivals: lane.arrivals,
    contribute(step, moment) {
      for (const name of step.gradients) {
        const { group, completes } = lane.owned(unit, name);
        lane.reductions.contribute(group, moment);
        if (completes && last.get(name) === step) lane.reductions.complete(group, moment, isLastMicrobatch);
      }
    },
  };
}

/** The step that makes the last part of each group's gradient. */
function lastContributions(unit: Unit): Map<string, ComputeStep> {
  const last = new Map<string, ComputeStep>();
  for (const step of unit.backward) if (step.kind === 'compute') for (const name of step.gradients) last.set(name, step);
  return last;
}

/** Tensors of a unit by name; its input and the gradient of its output may stand with its neighbours. Null for what is there for the whole step. */
function createTensors({ chain, unit: index }: UnitPass): (name: string) => LiveTensor | null {
  const unit = chain.units[index];
  const own = new Map(unit.tensors.map((tensor) => [tensor.name, tensor]));
  const resident = new Set(unit.resident);
  const find = (of: Unit | undefined, name: string | null): Tensor | undefined => of?.tensors.find((tensor) => tensor.name === name);
  return (name) => {
    if (resident.has(name)) return null;
    const [before, after] = [chain.units[index - 1], chain.units[index + 1]];
    const found =
      own.get(name) ??
      (name === unit.input ? find(before, before?.output ?? null) : undefined) ??
      (unit.output !== null && name === gradientOf(unit.output) && after?.input ? find(after, gradientOf(after.input)) : undefined);
    if (found === undefined || !endsEncoder(chain, index)) return found ?? null;
    if (name === unit.output) return { label: ENCODER_OUTPUT, bytes: found.bytes };
    return unit.output !== null && name === gradientOf(unit.output) ? { label: ENCODER_GRADIENT, bytes: found.bytes } : found;
  };
}

const ENCODER_GRADIENT = 'encoder output gradient';

/** Copies what waits in the memory of the host for the backward pass, behind the steps that follow. */
function offload({ live }: Emission, plan: Plan, lane: Lane, pass: UnitPass): void {
  const unit = pass.chain.units[pass.unit];
  for (const tensor of plan.remadeOf(unit).offloaded) {
    const key = tensorKey(pass, lane.stage, tensor.name);
    const label = { name: `${unit.name}: ${tensor.name} to host`, part: 'offload', stage: 'fw' as const };
    live.extend(key, lane.stream.transfer(label, tensor.bytes, [live.madeBy(key)]));
    live.close(key);
  }
}

/** Copies it back, one unit ahead of its backward pass; a loop begins with nothing of its first turn under way. */
function fetchOffloaded({ live }: Emission, plan: Plan, lane: Lane, pass: UnitPass): void {
  if (lane.fetched.has(pass)) return;
  lane.fetched.add(pass);
  const unit = pass.chain.units[pass.unit];
  for (const tensor of plan.remadeOf(unit).offloaded) {
    const key = tensorKey(pass, lane.stage, tensor.name);
    const label = { name: `${unit.name}: ${tensor.name} from host`, part: 'offload', stage: 'agrad' as const };
    const moment = lane.stream.transfer(label, tensor.bytes, lane.stream.soFar());
    live.touch(key, tensor, moment, lane.stream.deviceSet);
    lane.arrivals.set(key, moment.task);
  }
}

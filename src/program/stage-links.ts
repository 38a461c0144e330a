import type { Lane, Plan } from './lanes.ts';
import type { Moment } from './live-tensors.ts';
import type { OwnGroup, Reduced } from './reductions.ts';
import { type Chain, type RunPass, runOfUnit, runsOf, type UnitPass } from './step-schedule.ts';
import type { Emission } from './stream.ts';
import { tensorKey } from './tensor-key.ts';
import { ENCODER_OUTPUT, gradientOf, type Tensor } from './unit.ts';

/** What goes from one stage of a pipeline to another. */
export interface StageLinks {
  /** A run has ended: what it made for the next one, or the gradient for the one before, is on its way. */
  send(run: RunPass): void;
  /** Both stages sum what each of their devices has; returns the task. */
  sum(name: string, from: Lane, to: Lane, bytes: number): number;
}

/** `deviceSets` grows by the sets of two stages between which something goes. */
export function createStageLinks(emission: Emission, plan: Plan, lanes: readonly Lane[], deviceSets: Uint8Array[]): StageLinks {
  const { builder, plans, live, clock } = emission;
  const runs = runsOf(plan.layout);
  const pairSets = new Map<string, number>();
  const setOf = (from: Lane, to: Lane): number => {
    const key = [from.stage, to.stage].sort((a, b) => a - b).join();
    const row = pairSets.get(key) ?? deviceSets.push(plans.deviceSet(from.stage, to.stage)) - 1;
    pairSets.set(key, row);
    return row;
  };
  const link = (kind: 'permute' | 'all-reduce', label: Label, from: Lane, to: Lane, bytes: number, after: readonly number[]): Moment => {
    const collective = { kind, meshAxis: 'pipeline', plan: plans.pairRow(kind, from.stage, to.stage, bytes) };
    return { task: builder.collective({ ...label, deviceSet: setOf(from, to) }, collective, after), step: clock.step++ };
  };
  return {
    send(run) {
      const next = run.pass === 'forward' ? run.run + 1 : run.run - 1;
      if (next < 0 || next >= runs) return;
      const from = lanes[run.stage];
      const to = lanes[next % lanes.length];
      for (const chain of plan.chains.filter((one) => run.pass === 'forward' || one.learns)) {
        const pass = crossing(chain, run, runs);
        const tensors = crossingTensors(pass, runs);
        const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
        const stage = run.pass === 'forward' ? ('fw' as const) : ('agrad' as const);
        const what = run.pass === 'forward' ? 'activations' : 'gradients';
        const label = { name: `stage ${from.stage}: ${what} to stage ${to.stage}`, part: 'pipeline permute', stage };
        const moment = link('permute', label, from, to, bytes, from.stream.soFar());
        for (const tensor of tensors) {
          live.extend(tensorKey(pass, from.stage, tensor.name), moment);
          const key = tensorKey(pass, to.stage, tensor.name);
          live.touch(key, tensor, moment, to.stream.deviceSet);
          to.arrivals.set(key, moment.task);
        }
      }
    },
    sum(name, from, to, bytes) {
      const label = { name: `${name}: gradient all-reduce over stages`, part: 'gradient reduction', stage: 'wgrad' as const };
      return link('all-reduce', label, from, to, bytes, [...from.stream.soFar(), ...to.stream.soFar()]).task;
    },
  };
}

interface Label {
  readonly name: string;
  readonly part: string;
  readonly stage: 'fw' | 'agrad' | 'wgrad';
}

/** The unit whose input comes from the stage before: the first of the run behind the boundary. */
function crossing(chain: Chain, { run, pass, microbatch }: RunPass, runs: number): UnitPass {
  const receiver = pass === 'forward' ? run + 1 : run;
  const unit = Array.from(chain.units.keys()).find((index) => runOfUnit(index, chain.units, runs) === receiver) ?? 0;
  return { chain, unit, microbatch, pass };
}

/** Its input, and the encoder's output where a later run reads it that the encoder is not in; or the gradients of both. */
function crossingTensors({ chain, unit, pass }: UnitPass, runs: number): Tensor[] {
  const name = (of: string): string => (pass === 'forward' ? of : gradientOf(of));
  const { input, tensors } = chain.units[unit];
  const before = chain.units[unit - 1];
  const handed = tensors.find((tensor) => tensor.name === input) ?? before.tensors.find((tensor) => tensor.name === before.output);
  const own = handed === undefined || input === null ? [] : [{ ...handed, name: name(input) }];
  const firstReader = chain.units.findIndex(({ readsEncoder }) => readsEncoder);
  const reader = chain.units.findLast(({ readsEncoder }) => readsEncoder);
  const isBehindEncoder = firstReader >= 0 && runOfUnit(unit, chain.units, runs) > runOfUnit(firstReader - 1, chain.units, runs);
  const isRead = reader !== undefined && chain.units.indexOf(reader) >= unit;
  const encoded = reader?.tensors.find((tensor) => tensor.name === ENCODER_OUTPUT);
  return isBehindEncoder && isRead && encoded !== undefined && own[0]?.name !== name(ENCODER_OUTPUT)
    ? [...own, { ...encoded, name: name(ENCODER_OUTPUT) }]
    : own;
}

/** Where the output matrix is the embedding's, two stages have it: their gradients are added before either updates. */
export function sumTiedGradients(lanes: readonly Lane[], links: StageLinks): (lane: Lane) => readonly Reduced[] {
  const copies = new Map<OwnGroup, number>();
  const [first] = lanes;
  const last = lanes[lanes.length - 1];
  for (const copy of lanes.length > 1 ? last.groups.filter(({ copyOf }) => copyOf !== null) : []) {
    const original = first.groups.find(({ name }) => name === copy.copyOf);
    if (original === undefined) continue;
    const bytes = copy.blocks.reduce((sum, { shardGradientBytes }) => sum + shardGradientBytes, 0);
    const task = links.sum(copy.name, first, last, bytes);
    copies.set(copy, task).set(original, task);
  }
  return (lane) =>
    lane.reductions.reduced().map(({ group, after }) => {
      const sum = copies.get(group);
      return { group, after: sum === undefined ? after : [...after, sum] };
    });
}

import { assert } from '../base/index.ts';
import { axisSize, type LayoutSpec, PIPELINES, type PipelinePass } from '../layout/index.ts';
import type { Unit } from './unit.ts';

/** Units that follow one another: those of the model, or of its teacher. */
export interface Chain {
  readonly name: 'model' | 'teacher';
  readonly units: readonly Unit[];
  /** It has a backward pass. */
  readonly learns: boolean;
}

/** One unit's forward or backward pass over one microbatch. */
export interface UnitPass {
  readonly chain: Chain;
  /** Index in the units of the chain. */
  readonly unit: number;
  readonly microbatch: number;
  readonly pass: PipelinePass['pass'];
}

/** The passes of the units of one run, in order; on the stage that has the run. */
export interface RunPass extends PipelinePass {
  readonly stage: number;
  readonly units: readonly UnitPass[];
  /** No later pass of this direction goes through the run: gradients of its weights are complete after it. */
  readonly isLast: boolean;
}

/** Runs of all stages together: stage s of p has runs s, s + p, ... */
export function runsOf(layout: LayoutSpec): number {
  const stages = axisSize(layout, 'pipeline');
  return stages === 1 ? 1 : stages * layout.pipeline.repeats;
}

/** Run of a unit: layers in equal runs, what stands before them in the first one, and what stands behind them in the last one. */
export function runOfUnit(unit: number, units: readonly Unit[], runs: number): number {
  if (runs === 1 || unit === 0) return 0;
  const layers = units.length - 2;
  return unit > layers ? runs - 1 : Math.floor(((unit - 1) * runs) / layers);
}

/**
 * Microbatches that the end of the model has passed forward and not yet backward, at most: all of them where nothing is learned or gpipe puts every forward
 * pass first; under the other schedules the last stage turns back at once.
 */
export function microbatchesAtEnd(layout: LayoutSpec, learns: boolean): number {
  const turnsBack = learns && (axisSize(layout, 'pipeline') === 1 || layout.pipeline.schedule !== 'gpipe');
  return turnsBack ? 1 : layout.microbatches;
}

/** [stages]: what each stage does after what. One stage works on one microbatch after the other. */
export function stagePasses(chains: readonly Chain[], layout: LayoutSpec): RunPass[][] {
  const stages = axisSize(layout, 'pipeline');
  const runs = runsOf(layout);
  const schedule = PIPELINES[stages === 1 ? '1f1b' : layout.pipeline.schedule];
  const order = schedule.order({ stages, microbatches: layout.microbatches, repeats: runs / stages });
  const learns = chains.some((chain) => chain.learns);
  return order.map((passes, stage) => {
    const done = passes.filter(({ pass }) => learns || pass === 'forward');
    return done.map((pass, i) => ({
      ...pass,
      stage,
      units: unitPasses(chains, pass, runs),
      isLast: !done.slice(i + 1).some((later) => later.run === pass.run && later.pass === pass.pass),
    }));
  });
}

/**
 * A program has one order: a pass stands behind all that it waits for, and behind those before it on its stage. Passes of all stages stand in the order in
 * which they would end if a backward pass took as long as two forward ones, because what a stage is sent is in its memory from then on: had one microbatch
 * gone through all stages before the next one begins, inputs would pile up at stages that are not there yet.
 */
export function inOneOrder(stages: readonly (readonly RunPass[])[], runs: number): RunPass[] {
  const ordered: { readonly pass: RunPass; readonly end: number }[] = [];
  const next = stages.map(() => 0);
  const free = stages.map(() => 0);
  const ends = new Map<string, number>();
  const count = stages.reduce((sum, passes) => sum + passes.length, 0);
  while (ordered.length < count) {
    const before = ordered.length;
    for (const [stage, passes] of stages.entries()) {
      const pass = passes[next[stage]];
      if (pass === undefined || !waitsFor(pass, runs).every((key) => ends.has(key))) continue;
      const begin = waitsFor(pass, runs).reduce((latest, key) => Math.max(latest, ends.get(key) ?? 0), free[stage]);
      const end = begin + (pass.pass === 'forward' ? 1 : 2);
      ordered.push({ pass, end });
      ends.set(keyOf(pass), end);
      free[stage] = end;
      next[stage]++;
    }
    assert(ordered.length > before, 'the stages of a pipeline wait for one another in a ring');
  }
  return ordered.sort((a, b) => a.end - b.end || a.pass.stage - b.pass.stage).map(({ pass }) => pass);
}

function unitPasses(chains: readonly Chain[], { run, microbatch, pass }: PipelinePass, runs: number): UnitPass[] {
  const passes = chains
    .filter((chain) => pass === 'forward' || chain.learns)
    .flatMap((chain) =>
      Array.from(chain.units.keys())
        .filter((unit) => runOfUnit(unit, chain.units, runs) === run)
        .map((unit): UnitPass => ({ chain, unit, microbatch, pass })),
    );
  return pass === 'forward' ? passes : passes.reverse();
}

function waitsFor({ microbatch, run, pass }: RunPass, runs: number): string[] {
  if (pass === 'forward') return run === 0 ? [] : [keyOf({ microbatch, run: run - 1, pass })];
  return [keyOf(run === runs - 1 ? { microbatch, run, pass: 'forward' } : { microbatch, run: run + 1, pass })];
}

function keyOf({ microbatch, run, pass }: PipelinePass): string {
  return `${pass} ${microbatch} ${run}`;
}

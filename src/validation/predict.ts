import { type Seconds, toSeconds } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import type { Scenario } from '../scenario/index.ts';
import { simulateStep, stepBreakdown } from '../study/index.ts';

/** How the ends of a slice's sides are joined: not at all, all into rings, or as the chip's rule has it (`assumed`). */
export type Wiring = 'open' | 'closed' | 'assumed';

/** What the emulator says about one step. */
export interface Prediction {
  readonly stepSeconds: Seconds;
  readonly mfu: number;
  /** Seconds of the step by part of the model, waiting apart; they add up to the step. */
  readonly terms: Readonly<Record<string, Seconds>>;
}

/** Simulates the step under each of the wirings; equal wirings are simulated once. */
export function predict(scenario: Scenario, chip: Chip, wirings: readonly Wiring[]): Partial<Record<Wiring, Prediction>> {
  const known = new Map<string, Prediction>();
  const entries = wirings.map((wiring): [Wiring, Prediction] => {
    const wrap = wiring === 'assumed' ? scenario.topology.wrap : scenario.topology.shape.map(() => wiring === 'closed');
    const key = wrap.join();
    const prediction = known.get(key) ?? simulated({ ...scenario, topology: { ...scenario.topology, wrap } }, chip);
    known.set(key, prediction);
    return [wiring, prediction];
  });
  return Object.fromEntries(entries);
}

function simulated(scenario: Scenario, chip: Chip): Prediction {
  const { program, trace, topology } = simulateStep(scenario, chip, null);
  const stepSeconds = toSeconds(trace.step);
  const terms: Record<string, number> = {};
  for (const { part, kind, secondsByStage } of stepBreakdown(program, trace)) {
    const term = kind === 'wait' ? 'waiting' : part;
    terms[term] = secondsByStage.reduce((sum, seconds) => sum + seconds, terms[term] ?? 0);
  }
  return { stepSeconds, mfu: program.modelFlops / (stepSeconds * topology.chips * chip.matmulFlopsPerSecond), terms };
}

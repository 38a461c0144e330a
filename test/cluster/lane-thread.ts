import { runStep, type Step } from '../../src/kernels/index.ts';

/** A step whose items draw a ticket when they begin and one when they end, and spin for some rounds in between. */
export interface TicketStep {
  readonly phaseItems: readonly number[];
  /** Rounds of each item, numbered through all phases. */
  readonly rounds: readonly number[];
  readonly control: Int32Array;
  readonly lanes: number;
  /** [2]: tickets drawn, lanes that are there. */
  readonly ticket: Int32Array;
  /** [items, 2]: the tickets. */
  readonly marks: Int32Array;
}

/** Takes part in the step as one lane, once all of them are there; answers with the milliseconds that it took. */
export default function run({ step, lane }: { readonly step: TicketStep; readonly lane: number }): number {
  Atomics.add(step.ticket, 1, 1);
  while (Atomics.load(step.ticket, 1) < step.lanes);
  const started = performance.now();
  runStep(openTicketStep(step), step.control, lane);
  return performance.now() - started;
}

function openTicketStep({ phaseItems, rounds, ticket, marks }: TicketStep): Step {
  const firstItem = phaseItems.map((_, phase) => phaseItems.slice(0, phase).reduce((sum, count) => sum + count, 0));
  return {
    phaseItems,
    name: (phase, item) => `item ${item} of phase ${phase}`,
    run: (phase, item) => {
      const at = firstItem[phase] + item;
      marks[2 * at] = Atomics.add(ticket, 0, 1) + 1;
      for (let round = 0; round < rounds[at]; round++) Atomics.load(ticket, 0);
      marks[2 * at + 1] = Atomics.add(ticket, 0, 1) + 1;
    },
  };
}

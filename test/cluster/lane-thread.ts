import { runStep, type Step } from '../../src/kernels/index.ts';

/** A step whose items draw a ticket when they begin and one when they end, and wait in between. */
export interface TicketStep {
  readonly phaseItems: readonly number[];
  /** How long each item waits, numbered through all phases: so many rounds, or until the whole phase has begun, if that happens at all. */
  readonly waits: readonly (number | 'phase')[];
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

/** Threads of a busy machine may be kept waiting for so long. */
const PATIENCE_MILLISECONDS = 10_000;

function openTicketStep({ phaseItems, waits, ticket, marks }: TicketStep): Step {
  const firstItem = phaseItems.map((_, phase) => phaseItems.slice(0, phase).reduce((sum, count) => sum + count, 0));
  return {
    phaseItems,
    name: (phase, item) => `item ${item} of phase ${phase}`,
    run: (phase, item) => {
      const at = firstItem[phase] + item;
      Atomics.store(marks, 2 * at, Atomics.add(ticket, 0, 1) + 1);
      wait(waits[at], firstItem[phase], phaseItems[phase]);
      Atomics.store(marks, 2 * at + 1, Atomics.add(ticket, 0, 1) + 1);
    },
  };

  function wait(forWhat: number | 'phase', first: number, count: number): void {
    if (forWhat === 'phase') {
      const end = performance.now() + PATIENCE_MILLISECONDS;
      const begun = (): boolean => Array.from({ length: count }, (_, i) => Atomics.load(marks, 2 * (first + i))).every((mark) => mark > 0);
      while (!begun() && performance.now() < end);
    } else {
      for (let round = 0; round < forWhat; round++) Atomics.load(ticket, 0);
    }
  }
}

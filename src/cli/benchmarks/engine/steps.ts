import { addNumber, addNumbers, emptyFingerprint, fingerprintText } from '../../../base/index.ts';
import { type SimulateOptions, simulate, type Trace } from '../../../engine/index.ts';
import type { EngineBars, EngineCase } from './engine-case.ts';
import { syntheticStep } from './synthetic-step.ts';
import { torus } from './torus.ts';

/** 61 layers of 40 tasks on every chip of a pod of 9,216: in full both ways, and with one device for all. */
export function stepCases(): EngineCase[] {
  const pod = { seconds: 6, mebibytes: 512 };
  return [
    step('sweep', 'every device, up to 2 % slower at random, task by task', { devices: 'full', order: 'sweep' }, 'events', pod),
    step('events', 'every device, up to 2 % slower at random, in order of time', { devices: 'full', order: 'events' }, 'sweep', pod),
    step('folded', 'all devices alike, one for all', { devices: 'folded' }, 'sweep', { seconds: 0.01 }),
  ];
}

const SHAPE = [16, 24, 24];
const BLOCKS = 61 * 4;

function step(name: string, way: string, options: SimulateOptions, other: 'sweep' | 'events', bars: EngineBars): EngineCase {
  return {
    name: `step-${name}`,
    title: `step of 9,216 chips x ${BLOCKS * 10} tasks: ${way}`,
    bars,
    open: () => {
      const topology = torus(SHAPE);
      const program = syntheticStep(topology, BLOCKS, options.devices === 'folded' ? null : { seed: 1, share: 0.02 });
      let trace: Trace | undefined;
      return {
        run: () => {
          trace = simulate(program, topology, { ...options, keep: 0 });
        },
        answer: () => {
          const found = summaryOf(trace ?? simulate(program, topology, options));
          const again = summaryOf(simulate(program, topology, { devices: 'full', order: other, keep: 0 }));
          const errors =
            found.print === again.print ? [] : [`${found.print}, but ${again.print} with ${other}: two ways of simulating disagree`];
          return {
            events: found.events === 0 ? undefined : found.events,
            result: { 'step ms': found.ms, fingerprint: found.print },
            errors,
          };
        },
      };
    },
  };
}

/** Ingredients: the step, and what every device computed and waited for on the wires. */
function summaryOf({ step, events, devices }: Trace): { readonly ms: number; readonly events: number; readonly print: string } {
  const print = emptyFingerprint();
  addNumber(print, step);
  addNumbers(print, devices.computeBusy);
  addNumbers(print, devices.exposedCommunication);
  return { ms: step / 1e9, events, print: fingerprintText(print) };
}

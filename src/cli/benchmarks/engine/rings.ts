import type { Topology } from '../../../hardware/index.ts';
import { MODELS, type NetworkKind, type NetworkRun } from '../../../network/index.ts';
import type { EngineBars, EngineCase } from './engine-case.ts';
import { belowBound, boundSeconds, jobOf, WHOLE_MESSAGES } from './requests.ts';
import { allDevices, torus } from './torus.ts';
import { wordSource } from './words.ts';

/** All-reduce of 256 MiB round 1,024 chips: as one fluid, and as every message over every hop; on equal links, and on links and starts that differ. */
export function ringCases(): EngineCase[] {
  return [
    allReduce('fluid', 'even', { seconds: 0.002 }),
    allReduce('hop', 'even', { seconds: 1.2 }),
    allReduce('fluid', 'uneven', {}),
    allReduce('hop', 'uneven', { seconds: 1.2 }),
  ];
}

const MEMBERS = 1024;
const BYTES = 2 ** 28;
/** How far the fluid may be from the messages. */
const TOLERANCE = 0.005;

interface Ring {
  readonly topology: Topology;
  readonly starts: Float64Array | undefined;
}

const RINGS: Readonly<Record<'even' | 'uneven', { readonly title: string; readonly open: () => Ring }>> = {
  even: { title: '', open: () => ({ topology: torus([MEMBERS]), starts: undefined }) },
  uneven: {
    title: ', links up to 10 % slower, starts up to 100 us late',
    open: () => {
      const uniform = wordSource(MEMBERS);
      const slowLinks = Array.from({ length: MEMBERS }, (_, chip) => ({
        between: [chip, (chip + 1) % MEMBERS] as const,
        factor: 1 + 0.1 * uniform(),
      }));
      return { topology: torus([MEMBERS], { slowLinks }), starts: Float64Array.from({ length: MEMBERS }, () => 1e-4 * uniform()) };
    },
  },
};

function allReduce(model: NetworkKind & ('fluid' | 'hop'), ring: keyof typeof RINGS, bars: EngineBars): EngineCase {
  return {
    name: `ring-${model}-${ring}`,
    title: `all-reduce, 256 MiB per device, ring:1024, ${model}${RINGS[ring].title}`,
    bars,
    open: () => {
      const { topology, starts } = RINGS[ring].open();
      const request = { topology, devices: allDevices(topology), bytes: BYTES };
      const runBy = (kind: NetworkKind) => MODELS[kind].run(topology, [jobOf('all-reduce', request, starts)], WHOLE_MESSAGES);
      let found: NetworkRun | undefined;
      return {
        run: () => {
          found = runBy(model);
        },
        answer: () => {
          const { seconds, events } = found ?? runBy(model);
          const bound = boundSeconds('all-reduce', request);
          const errors = belowBound(seconds, bound);
          const result = { seconds, 'seconds / bound': seconds / bound };
          if (model === 'fluid') return { result, errors };
          const ratio = runBy('fluid').seconds / seconds;
          if (Math.abs(ratio - 1) > TOLERANCE) errors.push(`the fluid takes ${ratio} times as long as the messages`);
          return { events, result: { ...result, 'fluid / hop': ratio }, errors };
        },
      };
    },
  };
}

import { COLLECTIVES, planSeconds, type Routing, transferSeconds } from '../../../collectives/index.ts';
import type { Topology } from '../../../hardware/index.ts';
import { MODELS } from '../../../network/index.ts';
import type { EngineBars, EngineCase } from './engine-case.ts';
import { belowBound, boundSeconds, jobOf, WHOLE_MESSAGES } from './requests.ts';
import { allDevices, torus, twistedTorus } from './torus.ts';
import { skewedTraffic, trafficTimesDistance } from './traffic.ts';

const SHAPE = [16, 16, 16];

/** All-to-all over a cube of a pod: even traffic, and traffic of which most goes to a few chips, by every routing. */
export function allToAllCases(): EngineCase[] {
  return [
    uniform(),
    skewed('dimension-ordered', 'torus:16x16x16', () => torus(SHAPE), { seconds: 0.3, mebibytes: 400 }),
    skewed('all-orders', 'torus:16x16x16', () => torus(SHAPE), { seconds: 1, mebibytes: 400 }),
    skewed('balanced', 'torus:16x16x16', () => torus(SHAPE), { seconds: 2 }),
    skewed('balanced', 'torus:16x16x16 with a broken link', () => torus(SHAPE, { brokenLinks: [[0, 1]] }), { seconds: 2 }),
    skewed('balanced', 'torus:8x16x16 twisted', () => twistedTorus([8, 16, 16]), { seconds: 2 }),
  ];
}

function uniform(): EngineCase {
  return {
    name: 'all-to-all-uniform',
    title: 'all-to-all, 1 MiB per device, torus:16x16x16, fluid',
    bars: { seconds: 0.02 },
    open: () => {
      const topology = torus(SHAPE);
      const request = { topology, devices: allDevices(topology), bytes: 2 ** 20 };
      let job = jobOf('all-to-all', request);
      let seconds = 0;
      return {
        run: () => {
          job = jobOf('all-to-all', request);
          ({ seconds } = MODELS.fluid.run(topology, [job], WHOLE_MESSAGES));
        },
        answer: () => {
          const [{ links }] = job.plan.phases;
          const ratio = transferSeconds(job.plan.phases[0], topology) / boundSeconds('all-to-all', request);
          const errors = [
            ...(Math.abs(ratio - 1) <= 1e-12 ? [] : [`${ratio} times the bound of the wires, and not 1`]),
            ...(links.length === topology.links.count ? [] : [`${links.length} of ${topology.links.count} links are in use`]),
          ];
          return { result: { seconds, 'without latency / bound': ratio, links: links.length }, errors };
        },
      };
    },
  };
}

function skewed(routing: Routing, wires: string, open: () => Topology, bars: EngineBars): EngineCase {
  return {
    name: `all-to-all-skewed-${routing}${wires.includes('broken') ? '-broken' : wires.includes('twisted') ? '-twisted' : ''}`,
    title: `all-to-all, skewed traffic matrix, ${wires}, ${routing}`,
    bars,
    open: () => {
      const topology = open();
      const devices = allDevices(topology);
      const request = { topology, devices, bytes: 0, routing, traffic: skewedTraffic(devices.length) };
      let plan = { devices, phases: [] } as ReturnType<(typeof COLLECTIVES)['all-to-all']['plan']>;
      return {
        run: () => {
          plan = COLLECTIVES['all-to-all'].plan(request);
        },
        answer: () => {
          const seconds = planSeconds(plan, topology);
          const bound = boundSeconds('all-to-all', request);
          const carried = plan.phases.reduce((sum, { bytes }) => bytes.reduce((all, one) => all + one, sum), 0);
          const ratio = carried / trafficTimesDistance(topology, request.traffic);
          const errors = Math.abs(ratio - 1) <= 1e-12 ? [] : [`links carry ${ratio} times traffic x distance, and not 1`];
          return {
            result: { seconds, 'seconds / bound': seconds / bound, 'loads / traffic x distance': ratio },
            errors: [...errors, ...belowBound(seconds, bound)],
          };
        },
      };
    },
  };
}

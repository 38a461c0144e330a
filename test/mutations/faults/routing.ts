import type { Fault } from '../fault.ts';

const CONFORMANCE = 'test/conformance/conformance.test.ts';
const SWITCH = 'src/routing/routers/switch-top1.ts';

/** Faults in routers, capacity rules and groups. */
export const ROUTING_FAULTS: readonly Fault[] = [
  {
    name: 'capacity-off-by-one',
    what: 'an expert keeps one token more than it has slots',
    file: SWITCH,
    from: 'const kept = position < expertCapacity;',
    to: 'const kept = position <= expertCapacity;',
    caughtBy: { file: CONFORMANCE, test: 'switch_top1.json random 16x4 cf1.25' },
  },
];

import type { Fault } from '../fault.ts';

const NEVER_FASTER = (kind: string) => ({ file: 'test/laws/bounds.test.ts', test: `${kind} is never faster than the wires allow` });

/** Faults that no single example shows, and that a law over random wires does. */
export const LAW_FAULTS: readonly Fault[] = [
  {
    name: 'cut-beside-nobody',
    what: 'bytes must cross a cut that has all members on one side',
    file: 'src/collectives/gathering/gather-bound.ts',
    from: 'within === 0 || within === members.length\n',
    to: 'within === members.length\n',
    caughtBy: NEVER_FASTER('reduce-scatter'),
  },
  {
    name: 'all-links-as-quick-as-the-first',
    what: 'bytes on a slow link take as long as on the first one of the phase',
    file: 'src/collectives/plan-seconds.ts',
    from: 'bytes[i] / bytesPerSecond[links[i]]',
    to: 'bytes[i] / bytesPerSecond[links[0]]',
    caughtBy: NEVER_FASTER('all-to-all'),
  },
  {
    name: 'cards-of-one-host',
    what: 'all that leaves a slice must pass the network card of its first host',
    file: 'src/collectives/routing/bound/routed-bound.ts',
    from: 'for (const host of hosts) {',
    to: 'for (const host of [...hosts].slice(0, 1)) {',
    caughtBy: NEVER_FASTER('all-to-all'),
  },
  {
    name: 'half-of-a-tie-lost',
    what: 'of what goes both ways round to the opposite chip of a ring, the half that goes backwards is not counted',
    file: 'src/collectives/routing/ordered/line-loads.ts',
    from: 'carried += pairs[row + ((from - hops + n) % n)] * share;',
    to: 'carried += pairs[row + ((from - hops + n) % n)] * (share < 1 ? 0 : 1);',
    caughtBy: { file: 'test/laws/conservation.test.ts', test: 'all-to-all: every chip gains what it is sent less what it sends' },
  },
  {
    name: 'links-of-the-first-slice',
    what: 'a group in another slice sends over the links of the first one',
    file: 'src/collectives/routing/ordered/cells.ts',
    from: '(chip, at, axis) => chip + at * steps[axis], grid.firstChip)',
    to: '(chip, at, axis) => chip + at * steps[axis], 0)',
    caughtBy: { file: 'test/laws/conservation.test.ts', test: 'all-to-all: every chip gains what it is sent less what it sends' },
  },
  {
    name: 'last-member-not-waited-for',
    what: 'a collective begins when its first member is ready',
    file: 'src/network/model.ts',
    from: '(last, start) => Math.max(last, toPicoseconds(start)), 0)',
    to: '(first, start) => Math.min(first, toPicoseconds(start)), 0)',
    caughtBy: {
      file: 'test/laws/growth.test.ts',
      test: 'all-reduce more bytes, a slower link, longer hops or a later member never end it sooner',
    },
  },
];

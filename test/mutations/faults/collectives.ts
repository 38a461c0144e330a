import type { Fault } from '../fault.ts';

const CONFORMANCE = 'test/collectives/conformance.test.ts';
const GATHERING = 'test/collectives/gathering.test.ts';
const ROUTING = 'test/collectives/routing.test.ts';
const ROUTED_SCHEDULE = 'test/collectives/routed-schedule.test.ts';
const MESSAGES_OF_PAIRS = 'all-to-all messages carry over every link what the plan says, and to every member what it is sent';
const SPREAD = 'src/collectives/gathering/spread.ts';
const LINK_TRAFFIC = 'src/collectives/routing';

/** Faults in who sends what over which links, and in what bounds it. */
export const COLLECTIVE_FAULTS: readonly Fault[] = [
  {
    name: 'piece-sent-twice',
    what: 'the opposite chip of an even ring gets the whole block from both sides, and its sum twice where partial sums go back',
    file: 'src/collectives/gathering/gather-messages.ts',
    from: 'const halves = meets ? d + 1 : telling.whole;',
    to: 'const halves = meets ? 3 : telling.whole;',
    caughtBy: { file: CONFORMANCE, test: `reduce-scatter 'ring of 4': every target ends with its pieces, each term once` },
  },
  {
    name: 'half-a-block-sent-early',
    what: 'a message of both halves of a block waits for the first half alone',
    file: 'src/collectives/gathering/message-log.ts',
    from: 'afterSecond[count] = a < 0 || a === b ? -1 : b;',
    to: 'afterSecond[count] = -1;',
    caughtBy: { file: CONFORMANCE, test: `all-gather 'torus of 4x4': every target ends with its pieces, each term once` },
  },
  {
    name: 'sums-told-too-early',
    what: 'an owner hands on its sums when those of another half have come in',
    file: 'src/collectives/gathering/gather-schedule.ts',
    from: 'if ((log.halves[starts[i]] & log.halves[message]) !== 0) visit(starts[i]);',
    to: 'if (log.halves[starts[i]] === log.halves[message]) visit(starts[i]);',
    caughtBy: { file: CONFORMANCE, test: `all-reduce 'torus of 2x4': every target ends with its pieces, each term once` },
  },
  {
    name: 'half-a-block-forgotten',
    what: 'the longest hops of an even ring are planned for whole blocks',
    file: SPREAD,
    from: 'blocks[hop] = (density * (side - 1)) / 2;',
    to: 'blocks[hop] = density * (side >> 1);',
    caughtBy: { file: CONFORMANCE, test: `all-gather 'ring of 4': messages load the links as the plan says` },
  },
  {
    name: 'sums-on-the-way-out',
    what: 'partial sums are planned on the links of blocks that go outwards',
    file: SPREAD,
    from: 'blocks[back ? reverseHop(hops, hop) : hop] * blockBytes',
    to: 'blocks[back && blocks.length < 0 ? reverseHop(hops, hop) : hop] * blockBytes',
    caughtBy: { file: CONFORMANCE, test: `reduce-scatter 'line of 3': messages load the links as the plan says` },
  },
  {
    name: 'equal-parts-of-unequal-sides',
    what: 'the array is cut into equal parts, one per dimension, whatever its sides',
    file: SPREAD,
    from: 'sides.length === 0 ? [1] : partShares(',
    to: 'sides.length === 0 ? [1] : sides.length > 1 ? sides.map(() => 1 / sides.length) : partShares(',
    caughtBy: { file: GATHERING, test: 'idle tori all-gather is as quick as the wires allow, whatever the sides' },
  },
  {
    name: 'line-opened-before-its-break',
    what: 'a ring with a broken wire opens one chip too early, and its line leads over the break',
    file: 'src/collectives/gathering/hop-table.ts',
    from: 'starts[first + at * strides[k]] = (broken + 1) % sides[k];',
    to: 'starts[first + at * strides[k]] = broken;',
    caughtBy: { file: GATHERING, test: 'wires that are not as they should be a ring with a missing wire is a line that starts behind it' },
  },
  {
    name: 'network-counted-for-the-own-slice',
    what: 'a chip sends its shard over the data-centre network to as many slices as there are, its own too',
    file: 'src/collectives/gathering/slice-exchange.ts',
    from: '* (grids.length - 1);',
    to: '* grids.length;',
    caughtBy: {
      file: GATHERING,
      test: 'several slices 2 slices: an all-reduce is that of one slice, and an exchange of shards over all hosts',
    },
  },
  {
    name: 'lower-bound-without-the-wrap',
    what: 'what a set of planes takes in may not come over the wrap',
    file: 'src/collectives/gathering/gather-bound.ts',
    from: 'if (!here(from) && !here(to)) continue;',
    to: 'if (Math.abs(from - to) > step) continue;',
    caughtBy: { file: CONFORMANCE, test: 'all-gather: no plan beats the lower bound' },
  },
  {
    name: 'pace-without-latency',
    what: 'a block is on its next hop at once where hops differ in speed',
    file: 'src/collectives/ring-pace.ts',
    from: 'sum += hop + hopLatency;',
    to: 'sum += hop;',
    caughtBy: { file: 'test/collectives/ring-pace.test.ts', test: 'a ring in lock-step takes as long as its blocks one by one' },
  },
  {
    name: 'ties-to-the-first-link',
    what: 'of several links on shortest ways the first takes all, where each should take its part',
    file: 'src/collectives/shortest-ways.ts',
    from: 'if (before >= 0 && before !== away) continue;',
    to: 'if (before >= 0) continue;',
    caughtBy: { file: ROUTING, test: 'balanced over wires with twists, every hop of every pair is split evenly' },
  },
  {
    name: 'opposite-chips-one-way',
    what: 'a pair half-way round a ring uses one of its two ways',
    file: `${LINK_TRAFFIC}/ordered/routes.ts`,
    from: 'if (ahead === sides[k]) return [0, 1];',
    to: 'if (ahead === sides[k]) return [0];',
    caughtBy: { file: ROUTED_SCHEDULE, test: MESSAGES_OF_PAIRS },
  },
  {
    name: 'equal-shares-of-unequal-orders',
    what: 'every set of dimensions that may stand before one has the same share, however many orders it is in',
    file: `${LINK_TRAFFIC}/ordered/stages.ts`,
    from: '(factorial(size) * factorial(dimensions - 1 - size)) / factorial(dimensions)',
    to: '1 / 2 ** (dimensions - 1 + 0 * size)',
    caughtBy: { file: ROUTED_SCHEDULE, test: MESSAGES_OF_PAIRS },
  },
  {
    name: 'latency-of-one-hop',
    what: 'traffic pays the latency of one hop, however far it goes',
    file: `${LINK_TRAFFIC}/routed-plan.ts`,
    from: 'Math.max(hops * topology.hopLatencySeconds,',
    to: 'Math.max(Math.min(hops, 1) * topology.hopLatencySeconds,',
    caughtBy: { file: ROUTING, test: 'every routing over every wires the latency is that of the longest way with traffic' },
  },
  {
    name: 'cards-send-what-they-get',
    what: 'bytes that come to a slice are counted on the way out of their receiver',
    file: `${LINK_TRAFFIC}/between-slices.ts`,
    from: 'loads.add(row, bytes.out[member]);',
    to: 'loads.add(row, bytes.into[member]);',
    caughtBy: { file: ROUTED_SCHEDULE, test: MESSAGES_OF_PAIRS },
  },
  {
    name: 'all-chips-through-one-memory',
    what: 'bytes within chips wait for one another, though every chip has a memory of its own',
    file: `${LINK_TRAFFIC}/on-chip.ts`,
    from: 'most = Math.max(most, bytes);',
    to: 'most += bytes;',
    caughtBy: { file: CONFORMANCE, test: `all-to-all 'two devices per chip': messages load the links as the plan says` },
  },
  {
    name: 'routed-bound-without-the-wrap',
    what: 'what leaves an arc of planes may not go over the wrap',
    file: `${LINK_TRAFFIC}/bound/routed-bound.ts`,
    from: 'for (const row of reachable) {\n    bandwidth',
    to: 'for (const row of reachable) {\n    if (Math.abs(at[links.from[row] - part.firstChip] - at[links.to[row] - part.firstChip]) > 1) continue;\n    bandwidth',
    caughtBy: { file: 'test/collectives/routed-bound.test.ts', test: 'no routing is faster than the bound all-to-all' },
  },
];

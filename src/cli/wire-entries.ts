import { COLLECTIVES, type CollectiveKind, ROUTINGS, type Routing } from '../collectives/index.ts';
import { MODELS, type NetworkKind } from '../network/index.ts';
import type { Entry } from './catalogue.ts';

interface Words {
  readonly does: string;
  readonly facts: Entry['facts'];
}

const BLOCKS =
  'blocks spread along all dimensions of the grid at once, both ways round a ring, to both ends of a line, round broken wires; between slices through hosts';
const RINGS = 'How to Scale Your Model, jax-ml/scaling-book sharding.md; Patarasuk and Yuan, JPDC 69(2), 2009 (rings that meet the bound)';

const COLLECTIVE_WORDS: Readonly<Record<CollectiveKind, Words>> = {
  'all-reduce': {
    does: "every member ends with the sum of all members' arrays",
    facts: [
      ['--bytes', 'the array of one member, V'],
      ['one device sends', '2 V (n - 1) / n over n members'],
      ['on the wires', 'a reduce-scatter, then an all-gather'],
      ['source', RINGS],
    ],
  },
  'reduce-scatter': {
    does: 'every member ends with its share of the sum',
    facts: [
      ['--bytes', 'the array that one member has before, V'],
      ['one device sends', 'V (n - 1) / n'],
      ['on the wires', `an all-gather backwards: ${BLOCKS}`],
      ['source', RINGS],
    ],
  },
  'all-gather': {
    does: "every member ends with all members' shares",
    facts: [
      ['--bytes', 'the gathered array, V'],
      ['one device sends', 'V (n - 1) / n'],
      ['on the wires', BLOCKS],
      ['source', RINGS],
    ],
  },
  'all-to-all': {
    does: 'every member sends a different part of its array to every other',
    facts: [
      ['--bytes', 'the array of one member, V, of which each other gets V / n; or --traffic says who sends what'],
      ['one device sends', 'V (n - 1) / n'],
      ['on the wires', 'shortest ways, by the routing that is asked for; the busiest directed link sets the time'],
      [
        'source',
        'How to Scale Your Model, jax-ml/scaling-book sharding.md; Dally and Towles, Principles and Practices of Interconnection Networks, 2004, chapters 3 and 8',
      ],
    ],
  },
  permute: {
    does: 'every member sends what it holds to one other: to the next one round the group, or as it is told',
    facts: [
      ['--bytes', 'the array of one member, V; --shift says to whom'],
      ['one device sends', 'V, once'],
      ['on the wires', 'shortest ways, as an all-to-all'],
      ['source', 'jax.lax.ppermute, docs.jax.dev; collective-permute, openxla.org/xla/operation_semantics'],
    ],
  },
  broadcast: {
    does: 'the array of one member ends at all of them',
    facts: [
      ['--bytes', 'the array of the root, V; --root says who that is'],
      ['one device sends', 'V (n - 1) / n on average'],
      ['on the wires', 'parts of the array down trees of their own, so that all links into a chip work at once'],
      [
        'source',
        'nccl-tests, doc/PERFORMANCE.md (bytes and bandwidths); Johnsson and Ho, IEEE Transactions on Computers 38(9), 1989 (several trees at once)',
      ],
    ],
  },
};

const NETWORK_WORDS: Readonly<Record<NetworkKind, Words['facts']>> = {
  ideal: [
    [
      'law',
      'Phases follow one another; each takes the bytes of its busiest link over the bandwidth, and then the latency of its longest way. Operations do not see each other.',
    ],
    ['use', 'bounds and closed forms; the oracle of fluid where nothing is shared'],
    ['source', 'How to Scale Your Model, jax-ml/scaling-book sharding.md'],
  ],
  fluid: [
    [
      'law',
      'A phase loads its links like a fluid; phases that are under way together share every link by max-min fairness, and rates change when one begins or ends.',
    ],
    ['use', 'whole steps and whole pods; the default'],
    [
      'source',
      'Bertsekas and Gallager, Data Networks, 2nd edition 1992, section 6.5; Casanova et al., SimGrid, JPDC 74(10), 2014 (flows instead of packets)',
    ],
  ],
  hop: [
    [
      'law',
      'Messages go in chunks of at most --chunk bytes over every hop of their way; a link sends one chunk at a time, in turns; a chunk goes on while its tail still arrives.',
    ],
    ['use', 'what fluid is held against; exact, and slow: a pod-sized all-to-all is refused'],
    [
      'source',
      'Hahne, IEEE JSAC 9(7), 1991 (turns and windows give max-min fairness); Kermani and Kleinrock, Computer Networks 3, 1979 (cut-through)',
    ],
  ],
};

const ROUTING_WORDS: Readonly<Record<Routing, Words>> = {
  'dimension-ordered': {
    does: 'along x, then y, then z, the shorter way round each ring',
    facts: [
      ['where', 'plain grids: no twist, no broken wire'],
      ['source', 'Dally and Towles, Principles and Practices of Interconnection Networks, 2004, section 8.4'],
    ],
  },
  'all-orders': {
    does: 'equal parts by every order of the dimensions; the default of plain grids',
    facts: [
      ['where', 'plain grids: no twist, no broken wire'],
      [
        'source',
        'Seo et al., Near-optimal worst-case throughput routing for two-dimensional mesh networks, ISCA 2005 (two orders in equal parts)',
      ],
    ],
  },
  balanced: {
    does: 'at every chip equal parts over all links on a shortest way; the default elsewhere',
    facts: [
      ['where', 'any wires: twisted tori, broken wires, groups of any form'],
      ['source', 'equal-cost multi-path, RFC 2992, in equal parts of bytes instead of flows'],
    ],
  },
};

export function collectiveEntries(): Entry[] {
  return (Object.keys(COLLECTIVES) as CollectiveKind[]).map((name) => {
    const { does, facts } = COLLECTIVE_WORDS[name];
    return { name, title: does, facts: [['command', `switchyard collective --op ${name}`], ...facts] };
  });
}

export function networkEntries(): Entry[] {
  return (Object.keys(MODELS) as NetworkKind[]).map((name) => ({
    name,
    title: MODELS[name].title,
    facts: [['command', `switchyard collective --network ${name}`], ...NETWORK_WORDS[name]],
  }));
}

export function routingEntries(): Entry[] {
  return ROUTINGS.map((name) => {
    const { does, facts } = ROUTING_WORDS[name];
    return { name, title: does, facts: [['command', `switchyard collective --routing ${name}`], ...facts] };
  });
}

import type { Routing } from '../../collectives/index.ts';
import { defaultWrap, isTwisted, type Topology } from '../../hardware/index.ts';
import { MODELS } from '../../network/index.ts';
import type { CollectiveInput } from './request.ts';

const BYTES_WORDS: Readonly<Record<string, string>> = {
  'all-gather': 'Bytes are those of the gathered array, which every device has in the end',
  broadcast: 'Bytes are those that the root has, and every device in the end',
};

const ROUTING_WORDS: Readonly<Record<Routing, string>> = {
  'dimension-ordered': 'Bytes go along x, then y, then z, the shorter way round each ring; half each way where both are as short.',
  'all-orders': 'Equal parts of the bytes take each order of the dimensions, the shorter way round each ring.',
  balanced: 'At every chip the bytes part equally over all links that lie on a shortest way.',
};

/** What the answer rests on, in sentences that a reader can check or doubt. */
export function collectiveAssumptions(input: CollectiveInput, routing: Routing | null, groups: number): string[] {
  const { op, network, traffic, bytes } = input;
  const meaning = BYTES_WORDS[op] ?? 'Bytes are those that one device holds before the operation';
  return [
    `Network model ${network}: ${MODELS[network].title}.`,
    ...(traffic === null ? [`${meaning} (nccl-tests).`] : [trafficSentence(bytes !== null)]),
    ...(routing === null ? [] : [ROUTING_WORDS[routing]]),
    ...(groups > 1 ? [`${groups} groups run the operation at once, and share no more than the wires.`] : []),
    wireSentence(input),
    ...speedSentences(input),
    'All devices begin together; the time of kernels that read and write the arrays is not in it.',
  ];
}

/** Where the speeds of the wires were read. */
export function collectiveSources({ speedsOf, topology }: CollectiveInput): string[] {
  const keys = [
    'iciLinkBytesPerSecond',
    'hopLatencySeconds',
    ...(isBare(topology) ? [] : ['wrapRule']),
    ...(topology.hosts === null ? [] : HOST_KEYS),
  ];
  const bySource = new Map<string, string[]>();
  for (const key of keys) {
    const citation = speedsOf.citations[key];
    if (citation === undefined) continue;
    const source = `${citation.source} (${citation.asOf})`;
    bySource.set(source, [...(bySource.get(source) ?? []), key]);
  }
  return Array.from(bySource, ([source, named]) => `${named.join(', ')}: ${source}`);
}

const HOST_KEYS = ['hostShape', 'pcieBytesPerSecond', 'dcnBytesPerSecondPerHost', 'dcnLatencySeconds'];

function trafficSentence(scaled: boolean): string {
  const unit = scaled ? 'scaled so that the mean row is the bytes that were asked for' : 'in bytes';
  return `Row and column of the traffic matrix are sender and receiver; entries are ${unit}. What a device sends to itself stays where it is.`;
}

function wireSentence({ speedsOf, topology }: CollectiveInput): string {
  const sides = topology.shape.map((side, axis) => `${side}${side === 1 ? '' : topology.wrap[axis] ? ' (ring)' : ' (open)'}`).join(' x ');
  const twist = isTwisted(topology) ? ', twisted: wraps of the short sides go half-way round the long ones' : '';
  const slices = topology.slices === 1 ? '' : `; ${topology.slices} slices, joined by their hosts`;
  const usual = defaultWrap(speedsOf, topology.shape).every((closed, axis) => closed === topology.wrap[axis]);
  const origin = isBare(topology) ? '' : usual ? '; sides close as those of its generation do' : '; sides close as asked for';
  return `The wires are ${sides}${origin}${twist}${slices}.`;
}

function speedSentences({ speedsOf, topology }: CollectiveInput): string[] {
  const { links, hopLatencySeconds } = topology;
  if (links.count === 0) return [];
  const most = links.bytesPerSecond.reduce((fastest, rate, row) => (links.kind[row] === 0 ? Math.max(fastest, rate) : fastest), 0);
  const asked = most !== speedsOf.iciLinkBytesPerSecond || hopLatencySeconds !== speedsOf.hopLatencySeconds;
  const origin = asked
    ? ', as asked for'
    : isBare(topology)
      ? `, as those of ${speedsOf.name}: a bare grid has no speed of its own`
      : `, the file of ${speedsOf.name}`;
  return [
    `One direction of a link carries ${(most / 1e9).toPrecision(3)} GB/s, a hop takes ${(hopLatencySeconds * 1e6).toPrecision(3)} µs${origin}.`,
  ];
}

function isBare({ chipName }: Topology): boolean {
  return chipName === 'none';
}

import type { Issue } from '../base/index.ts';
import { chipCount, type Topology, type TopologySpec } from './topology.ts';
import { twistOf } from './twist.ts';
import { buildTopology } from './wires.ts';

/** Chips of all slices together; more would be tables of gigabytes. */
export const MAX_CHIPS = 2 ** 20;

type Wires = Pick<TopologySpec, 'shape' | 'wrap' | 'slices' | 'twisted' | 'brokenLinks' | 'slowLinks'>;
type Pair = readonly [number, number];

/** What is wrong with the wires, for any chip and for none; empty when they can be built. The sides are taken to be whole and positive. */
export function checkWires(wires: Wires, path = 'topology'): Issue[] {
  const basic = [...checkWrap(wires, path), ...checkSlices(wires, path)];
  if (basic.length > 0) return basic;
  const twist = checkTwist(wires, path);
  if (twist.length > 0) return twist;
  const named = namedLinks(wires, path);
  if (named.length === 0) return [];
  const whole = bareTopology(wires, []);
  const wrong = named.flatMap((link, index) => checkLink(whole, link, named.slice(0, index)));
  return wrong.length > 0 ? wrong : checkCut(wires, path);
}

function checkWrap({ shape, wrap }: Wires, path: string): Issue[] {
  if (wrap.length === shape.length) return [];
  const rule = `needs one true/false for each of the ${shape.length} sides of ${shape.join('x')}`;
  const remedy = 'write one per side, or auto, open or closed for all';
  return [{ code: 'E_WRAP', path: `${path}.wrap`, value: JSON.stringify(wrap), rule, remedy }];
}

function checkSlices({ shape, slices }: Wires, path: string): Issue[] {
  const chips = chipCount(shape);
  const most = Math.floor(MAX_CHIPS / chips);
  if (most < 1) {
    const rule = `at most ${MAX_CHIPS} chips are simulated, and ${shape.join('x')} are ${chips}`;
    return [{ code: 'E_SLICES', path, value: shape.join('x'), rule, remedy: 'choose smaller sides' }];
  }
  if (Number.isInteger(slices) && slices >= 1 && slices <= most) return [];
  const rule = `a whole number of slices from 1 to ${most}: ${MAX_CHIPS} chips at most, of which ${shape.join('x')} takes ${chips}`;
  return [{ code: 'E_SLICES', path: `${path}.slices`, value: String(slices), rule, remedy: 'leave it out for one slice' }];
}

function checkTwist({ shape, wrap, twisted }: Wires, path: string): Issue[] {
  if (twisted !== true) return [];
  const at = { code: 'E_TWIST', path: `${path}.twisted`, value: `${shape.join('x')}_twisted` };
  if (twistOf(shape) === null) {
    const rule = 'a torus is twisted only where its sides are n and 2n, at least one of each: 4x4x8 or 4x8x8';
    return [{ ...at, rule, remedy: 'choose such sides, or leave the twist out' }];
  }
  if (wrap.every(Boolean)) return [];
  const rule = `the twist lies in the wrap-around links, and ${wrap.filter((closed) => !closed).length} of ${shape.length} sides are open`;
  return [{ ...at, rule, remedy: 'set wrap to closed, or leave the twist out' }];
}

interface NamedLink {
  readonly between: Pair;
  readonly path: string;
  readonly factor: number;
}

function namedLinks({ brokenLinks = [], slowLinks = [] }: Wires, path: string): NamedLink[] {
  return [
    ...brokenLinks.map((between, i) => ({ between, path: `${path}.brokenLinks[${i}]`, factor: 1 })),
    ...slowLinks.map(({ between, factor }, i) => ({ between, path: `${path}.slowLinks[${i}]`, factor })),
  ];
}

function checkLink(topology: Topology, { between, path, factor }: NamedLink, before: readonly NamedLink[]): Issue[] {
  const [a, b] = between;
  const wrong = (rule: string, remedy: string): Issue[] => [{ code: 'E_LINK', path, value: `[${a}, ${b}]`, rule, remedy }];
  const outside = between.filter((chip) => !(Number.isInteger(chip) && chip >= 0 && chip < topology.chips));
  if (outside.length > 0) return wrong(`chips are numbered 0 to ${topology.chips - 1}, x first`, 'name chips of the slice');
  const near = neighboursOf(topology, a);
  if (!near.includes(b)) return wrong(`no wire joins the two: ${a} has wires to ${near.join(', ')}`, 'name two neighbours');
  if (before.some(({ between: [c, d] }) => (c === a && d === b) || (c === b && d === a))) {
    return wrong('a wire is named once, broken or slow, for both of its directions', 'remove one of the two');
  }
  return factor >= 1 && Number.isFinite(factor) ? [] : wrong('a slow wire has a factor of at least 1', 'write 2 for half the bandwidth');
}

/** Without its broken wires every slice must still be in one piece. */
function checkCut(wires: Wires, path: string): Issue[] {
  const { brokenLinks = [] } = wires;
  if (brokenLinks.length === 0) return [];
  const topology = bareTopology(wires, brokenLinks);
  const cutOff = chipsCutOff(topology);
  if (cutOff === 0) return [];
  const rule = `every chip must reach every other of its slice, and these broken wires cut off ${cutOff} of ${topology.chips} chips`;
  const value = brokenLinks.length > 8 ? `${brokenLinks.length} wires` : JSON.stringify(brokenLinks);
  return [{ code: 'E_LINKS_CUT', path: `${path}.brokenLinks`, value, rule, remedy: 'leave at least one wire to each part' }];
}

/** Chips that are not in the largest connected part of their slice. */
function chipsCutOff(topology: Topology): number {
  const seen = new Uint8Array(topology.chips);
  const perSlice = topology.chips / topology.slices;
  let cutOff = 0;
  for (let first = 0; first < topology.chips; first += perSlice) {
    let largest = 0;
    for (let chip = first; chip < first + perSlice; chip++) {
      if (seen[chip] === 0) largest = Math.max(largest, markPart(topology, chip, seen));
    }
    cutOff += perSlice - largest;
  }
  return cutOff;
}

/** Chips that wires join to this one, each once, in ascending order. */
function neighboursOf({ links, shape }: Topology, chip: number): number[] {
  const rows = links.leaving.subarray(chip * shape.length * 2, (chip + 1) * shape.length * 2);
  return [...new Set([...rows].filter((row) => row >= 0).map((row) => links.to[row]))].sort((a, b) => a - b);
}

/** Marks every chip that wires join to `start`, however far; returns how many they are. */
function markPart(topology: Topology, start: number, seen: Uint8Array): number {
  const queue = [start];
  seen[start] = 1;
  for (const chip of queue) {
    for (const next of neighboursOf(topology, chip)) {
      if (seen[next] === 1) continue;
      seen[next] = 1;
      queue.push(next);
    }
  }
  return queue.length;
}

/** The wires alone, of no particular speed; several slices stand beside each other without the hosts that join them. */
function bareTopology({ shape, wrap, slices, twisted }: Wires, brokenLinks: readonly Pair[]): Topology {
  const speed = { devicesPerChip: 1, linkBytesPerSecond: 1, hopLatencySeconds: 0, localBytesPerSecond: 1 };
  const host = { shape, pcieBytesPerSecond: 1, nicBytesPerSecond: 1, latencySeconds: 0 };
  const twist = twisted === true ? (twistOf(shape) ?? undefined) : undefined;
  return buildTopology({ shape, wrap, slices, twist, brokenLinks, host, ...speed }, 'wires', 'none');
}

import * as fc from 'fast-check';
import type { Topology } from '../../src/hardware/index.ts';
import type { Program } from '../../src/program/index.ts';
import { grid } from '../collectives/grids.ts';
import { programOf, type Task } from './programs.ts';

/** A random step: wires, tasks of every kind, groups along the sides of the grid, and what differs between devices. */
export interface Step {
  readonly topology: Topology;
  readonly program: Program;
}

type Groups = readonly (readonly number[])[];

interface Draft {
  readonly what: 'compute' | 'copy' | 'all-reduce' | 'all-gather' | 'reduce-scatter' | 'all-to-all';
  readonly size: number;
  readonly axis: number;
  readonly picks: readonly number[];
}

const WIRES = [
  { shape: [4], wrap: [true] },
  { shape: [6], wrap: [false] },
  { shape: [4, 3], wrap: [true, false] },
  { shape: [2, 4], wrap: [false, true] },
  { shape: [2, 3, 2], wrap: [false, true, false] },
  { shape: [4, 4], wrap: [true, true] },
] as const;

const draft: fc.Arbitrary<Draft> = fc.record({
  what: fc.constantFrom(
    ...(['compute', 'compute', 'compute', 'copy', 'all-reduce', 'all-gather', 'reduce-scatter', 'all-to-all'] as const),
  ),
  size: fc.integer({ min: 0, max: 1_000_000 }),
  axis: fc.nat(20),
  picks: fc.array(fc.nat(1000), { maxLength: 3 }),
});

/** `alike`: nothing differs between devices and all of them take part in everything. */
export interface StepOptions {
  readonly alike?: boolean;
  /** Each collective waits for the one before it, so that none shares a link with another of other groups. */
  readonly chained?: boolean;
}

export function anyStep({ alike = false, chained = false }: StepOptions = {}): fc.Arbitrary<Step> {
  return fc
    .record({
      wires: fc.constantFrom(...WIRES),
      devicesPerChip: fc.constantFrom(1, 2),
      drafts: fc.array(draft, { minLength: 1, maxLength: 30 }),
      slow: fc.array(fc.constantFrom(1, 1, 1, 1.1, 1.37, 2), { minLength: 32, maxLength: 32 }),
      starts: fc.array(fc.constantFrom(0, 0, 1, 250_000_000, 1_234_567_891), { minLength: 32, maxLength: 32 }),
      own: fc.array(fc.integer({ min: 0, max: 2_000_000 }), { minLength: 5, maxLength: 5 }),
      jitter: fc.option(fc.record({ seed: fc.nat(), share: fc.constantFrom(0, 0.02, 0.5) })),
      differ: fc.record({ slow: fc.boolean(), starts: fc.boolean(), own: fc.boolean(), jitter: fc.boolean() }),
    })
    .map(({ wires, devicesPerChip, drafts, slow, starts, own, jitter, differ }) => {
      const topology = grid(wires.shape, wires.wrap, { devicesPerChip });
      const { devices } = topology;
      const tasks = tasksOf(topology, drafts, { alike, chained, own: differ.own && !alike ? own : null });
      const slowdown = slow.slice(0, devices).map((factor) => (differ.slow && !alike ? factor : slow[0]));
      const start = Float64Array.from(starts.slice(0, devices), (one) => (differ.starts && !alike ? one : starts[0]));
      return { topology, program: programOf(topology, tasks, slowdown, { start, jitter: differ.jitter && !alike ? jitter : null }) };
    });
}

function tasksOf(
  topology: Topology,
  drafts: readonly Draft[],
  { alike, chained, own }: { readonly alike: boolean; readonly chained: boolean; readonly own: readonly number[] | null },
): Task[] {
  const choices = groupings(topology, alike);
  let last = -1;
  return drafts.map(({ what, size, axis, picks }, i): Task => {
    const picked = i === 0 ? [] : picks.map((n) => n % i);
    const after = [...new Set(picked)];
    const seconds = (one: number) => one * 1.3e-9;
    const times = own !== null && size % 2 === 1 ? own.map(seconds) : seconds(size);
    if (what === 'compute') return { compute: times, after };
    if (what === 'copy') return { copy: times, after };
    const before = chained && last >= 0 && !after.includes(last) ? [...after, last] : after;
    last = i;
    return { collective: what, bytes: size * 64, after: before, groups: choices[axis % choices.length] };
  });
}

/** All devices; the two halves of the first side; the lines along every side; and, unless all must take part, some of the devices alone. */
function groupings({ shape, devices, devicesPerChip }: Topology, alike: boolean): Groups[] {
  const all = Array.from({ length: devices }, (_, device) => device);
  const chip = (device: number): number => Math.floor(device / devicesPerChip);
  const split = (key: (device: number) => number): Groups =>
    [...new Set(all.map(key))].map((one) => all.filter((device) => key(device) === one));
  let stride = 1;
  const lines = shape.map((side) => {
    const below = stride;
    stride *= side;
    return split((device) => (chip(device) % below) + Math.floor(chip(device) / (below * side)) * below);
  });
  const interleaved = split((device) => chip(device) % 2);
  const isGrid = shape[0] % 2 === 0;
  const whole = [[all], ...lines, ...(isGrid ? [interleaved] : [])];
  return alike ? whole : [...whole, [lines[0][0]], lines[lines.length - 1].slice(1).length > 0 ? lines[lines.length - 1].slice(1) : [all]];
}

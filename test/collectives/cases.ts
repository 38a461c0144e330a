import { buildTopology, noTwist, type Topology, twistOf, type WireSpec } from '../../src/hardware/index.ts';

export interface Case {
  readonly name: string;
  readonly topology: Topology;
  readonly devices: Uint32Array;
}

const WIRES = { devicesPerChip: 1, linkBytesPerSecond: 45e9, hopLatencySeconds: 1e-6, localBytesPerSecond: 4e11 };
const HOST = { shape: [2, 2, 1], pcieBytesPerSecond: 16e9, nicBytesPerSecond: 25e9, latencySeconds: 1e-5 };

/** A grid with round numbers, and any other wires that are asked for. */
export function wires(shape: readonly number[], wrap: boolean | readonly boolean[], options: Partial<WireSpec> = {}): Topology {
  const wraps = typeof wrap === 'boolean' ? shape.map(() => wrap) : wrap;
  return buildTopology({ ...WIRES, shape, wrap: wraps, ...options }, `grid:${shape.join('x')}`, 'none');
}

export function twistedWires(shape: readonly number[], options: Partial<WireSpec> = {}): Topology {
  return wires(shape, true, { twist: twistOf(shape) ?? noTwist(shape), ...options });
}

export function slicesOf(slices: number, shape: readonly number[], wrap: boolean, options: Partial<WireSpec> = {}): Topology {
  return wires(shape, wrap, { slices, host: HOST, ...options });
}

function whole(name: string, topology: Topology): Case {
  return { name, topology, devices: Uint32Array.from({ length: topology.devices }, (_, device) => device) };
}

function some(name: string, topology: Topology, devices: readonly number[]): Case {
  return { name, topology, devices: Uint32Array.from(devices) };
}

/** Every shape of wires and groups that collectives meet, small enough to follow every message. */
export const CASES: readonly Case[] = [
  ...[1, 2, 3, 4, 5].map((side) => whole(`ring of ${side}`, wires([side], true))),
  ...[2, 3, 4, 5].map((side) => whole(`line of ${side}`, wires([side], false))),
  ...[
    [2, 2],
    [4, 4],
    [3, 5],
    [2, 4],
    [1, 5],
    [4, 1, 3],
    [2, 3, 4],
    [3, 3, 3],
  ].flatMap((shape) => [
    whole(`torus of ${shape.join('x')}`, wires(shape, true)),
    whole(`mesh of ${shape.join('x')}`, wires(shape, false)),
  ]),
  whole('2 rings of lines', wires([4, 3], [true, false])),
  whole('two devices per chip', wires([3, 2], true, { devicesPerChip: 2 })),
  whole('two devices per chip of a mesh', wires([2, 3], false, { devicesPerChip: 2 })),
  whole('two devices on one chip', wires([1], false, { devicesPerChip: 2 })),
  some('a row', wires([4, 4], true), [8, 9, 10, 11]),
  some('a stretch of a line', wires([6], false), [1, 2]),
  some('one device of many', wires([2, 2], true, { devicesPerChip: 2 }), [3]),
  some('a column', wires([4, 3], false), [2, 6, 10]),
  some('a box of a torus', wires([4, 4, 2], true), [5, 6, 9, 10, 21, 22, 25, 26]),
  some('every second column', wires([8, 2], true), [0, 2, 4, 6, 8, 10, 12, 14]),
  some('second devices of a row', wires([4, 2], true, { devicesPerChip: 2 }), [1, 3, 5, 7]),
  some('members in another order', wires([4], true), [2, 0, 3, 1]),
  whole('twisted 2x4', twistedWires([2, 4])),
  whole('twisted 2x2x4', twistedWires([2, 2, 4])),
  whole('twisted 2x4x4 of two devices per chip', twistedWires([2, 4, 4], { devicesPerChip: 2 })),
  some('a short dimension of a twisted torus', twistedWires([4, 4, 8]), [0, 1, 2, 3]),
  some('the long dimension of a twisted torus', twistedWires([2, 2, 4]), [1, 5, 9, 13]),
  some('a twisted plane', twistedWires([2, 2, 4]), [0, 1, 4, 5, 8, 9, 12, 13]),
  some('a plane that its twist leaves', twistedWires([2, 4, 4]), [0, 1, 2, 3, 4, 5, 6, 7]),
  whole('two slices of a torus', slicesOf(2, [2, 2], true)),
  whole('three slices of a mesh of two devices per chip', slicesOf(3, [2, 3], false, { devicesPerChip: 2 })),
  some('one chip in each of three slices', slicesOf(3, [2, 2], false), [1, 5, 9]),
  some('a row in each of two slices', slicesOf(2, [4, 2], true), [4, 5, 6, 7, 12, 13, 14, 15]),
  some('one of two slices', slicesOf(2, [2, 2], true), [4, 5, 6, 7]),
  whole('a ring with a broken wire', wires([5], true, { brokenLinks: [[1, 2]] })),
  whole(
    'a torus with broken wires',
    wires([4, 3], true, {
      brokenLinks: [
        [0, 1],
        [5, 6],
        [4, 5],
      ],
    }),
  ),
  whole('a mesh with a broken wire', wires([3, 3], false, { brokenLinks: [[3, 4]] })),
  whole('a twisted torus with a broken wire', twistedWires([2, 4], { brokenLinks: [[0, 2]] })),
  whole('a torus with a slow wire', wires([4, 2], true, { slowLinks: [{ between: [1, 2], factor: 3 }] })),
];

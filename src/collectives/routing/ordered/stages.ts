import { coordinatesOf } from '../../../hardware/index.ts';
import type { LinkLoads } from '../../link-loads.ts';
import type { OrderedRouting } from '../../plan.ts';
import { addHops, forEachLineOfCells, type GridCells } from './cells.ts';
import { lineLoads } from './line-loads.ts';

/** Traffic is added row by row, sender by sender, and then walked line by line, once. */
export interface GridStages {
  /** Bytes from cell `from`, added to [cells] of the receivers' cells; the row may be changed afterwards. */
  readonly addRow: (from: number, row: Float64Array) => void;
  readonly addLoads: (loads: LinkLoads) => void;
}

/**
 * Bytes cross a dimension on a line whose other coordinates are the receiver's for dimensions crossed before, and the sender's for those to come.
 * So the orders of the dimensions fold into stages, each "dimension k after the set S, in this share of all orders": S = {0 .. k-1} alone where x
 * goes before y before z, every S without k where all orders share. A stage sums traffic by sender coordinates outside S and receiver
 * coordinates in S and along k: cells x n numbers, however many pairs there are. A row is first summed over the receiver coordinates that no
 * stage looks at, from larger sets to smaller ones.
 */
export function gridStages(cells: GridCells, routing: OrderedRouting): GridStages {
  const { sides } = cells;
  const coordinates = Array.from({ length: cells.chips.length }, (_, cell) => coordinatesOf(sides, cell));
  const marginals = marginalsOf(sides, coordinates, stageSets(sides.length, routing));
  const stages = marginals.flatMap(({ stages: some }) => some);
  return {
    addRow: (from, row) => {
      for (const marginal of marginals) {
        const sums = marginal.parent ? sumOver(marginal, marginal.parent.sums) : row;
        if (!marginal.parent) marginal.sums = row;
        for (const stage of marginal.stages) addScaled(stage.bytes, stage.ofSource[from] * marginal.size, sums, marginal.size, stage.share);
      }
    },
    addLoads: (loads) => {
      for (const [k, n] of sides.entries()) {
        const along = stages.filter((stage) => stage.axis === k);
        const pairs = new Float64Array(n * n);
        forEachLineOfCells(cells, k, (first) => {
          pairs.fill(0);
          for (const stage of along) addLine(pairs, stage, n, first, cells.strides[k]);
          addHops(loads, cells, k, first, lineLoads(pairs, n, cells.grid.axes[k].ring));
        });
      }
    },
  };
}

interface Stage {
  readonly axis: number;
  readonly share: number;
  readonly marginal: Marginal;
  /** [cells]: number of the sender's coordinates outside the set. */
  readonly ofSource: Int32Array;
  /** [numbers of ofSource, cells of the marginal]. */
  readonly bytes: Float64Array;
}

/** A row of traffic summed over all receiver coordinates but those of some axes. */
interface Marginal {
  readonly axes: readonly number[];
  readonly size: number;
  /** [cells]: where in `sums` a receiver counts. */
  readonly ofCell: Int32Array;
  /** The marginal that this one is summed from, and where each of its entries goes; null for the whole row. */
  readonly parent: Marginal | null;
  readonly ofParent: Int32Array;
  sums: Float64Array;
  readonly stages: Stage[];
}

/** Which dimensions stand before `axis`, in which share of all orders. */
interface StageSet {
  readonly axis: number;
  readonly before: readonly number[];
  readonly share: number;
}

function stageSets(dimensions: number, routing: OrderedRouting): StageSet[] {
  const axes = Array.from({ length: dimensions }, (_, axis) => axis);
  if (routing === 'dimension-ordered') return axes.map((axis) => ({ axis, before: axes.slice(0, axis), share: 1 }));
  return axes.flatMap((axis) => {
    const subsets: number[][] = [[]];
    for (const other of axes) if (other !== axis) subsets.push(...subsets.map((set) => [...set, other]));
    const shareOf = (size: number) => (factorial(size) * factorial(dimensions - 1 - size)) / factorial(dimensions);
    return subsets.map((before) => ({ axis, before, share: shareOf(before.length) }));
  });
}

/** Larger sets of axes first, so that a marginal stands behind the one that it is summed from. */
function marginalsOf(sides: readonly number[], coordinates: readonly (readonly number[])[], sets: readonly StageSet[]): Marginal[] {
  const axesOf = ({ axis, before }: StageSet) => [...before, axis].sort((a, b) => a - b);
  const everything = sides.map((_, axis) => axis);
  const wanted = new Map([everything, ...sets.map(axesOf)].map((axes) => [axes.join(), axes]));
  const marginals: Marginal[] = [];
  for (const axes of [...wanted.values()].sort((a, b) => b.length - a.length)) {
    const parent = marginals.findLast((one) => axes.every((axis) => one.axes.includes(axis))) ?? null;
    const ofCell = numbersOver(sides, coordinates, axes);
    const ofParent = new Int32Array(parent?.size ?? 0);
    if (parent) for (let cell = 0; cell < ofCell.length; cell++) ofParent[parent.ofCell[cell]] = ofCell[cell];
    const size = axes.reduce((product, axis) => product * sides[axis], 1);
    marginals.push({ axes, size, ofCell, parent, ofParent, sums: new Float64Array(size), stages: [] });
  }
  for (const set of sets) {
    const marginal = marginals.find(({ axes }) => axes.join() === axesOf(set).join());
    const ofSource = numbersOver(
      sides,
      coordinates,
      everything.filter((axis) => !set.before.includes(axis)),
    );
    if (marginal) {
      const bytes = new Float64Array(coordinates.length * sides[set.axis]);
      marginal.stages.push({ axis: set.axis, share: set.share, marginal, ofSource, bytes });
    }
  }
  return marginals;
}

/** [cells]: the number that the coordinates along `axes` make, first fastest. */
function numbersOver(sides: readonly number[], coordinates: readonly (readonly number[])[], axes: readonly number[]): Int32Array {
  return Int32Array.from(coordinates, (at) => axes.reduceRight((number, axis) => number * sides[axis] + at[axis], 0));
}

function sumOver({ sums, ofParent }: Marginal, of: Float64Array): Float64Array {
  sums.fill(0);
  for (let i = 0; i < of.length; i++) sums[ofParent[i]] += of[i];
  return sums;
}

function addScaled(into: Float64Array, start: number, terms: Float64Array, count: number, factor: number): void {
  for (let i = 0; i < count; i++) into[start + i] += terms[i] * factor;
}

/** The [n, n] matrix of the line that starts at cell `first`. */
function addLine(pairs: Float64Array, { bytes, ofSource, marginal }: Stage, n: number, first: number, stride: number): void {
  for (let from = 0; from < n; from++) {
    const row = ofSource[first + from * stride] * marginal.size;
    for (let to = 0; to < n; to++) pairs[from * n + to] += bytes[row + marginal.ofCell[first + to * stride]];
  }
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

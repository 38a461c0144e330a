import { describe, expect, it } from 'vitest';
import {
  addDirections,
  addSquares,
  type CutMatrix,
  rateOf,
  type SecondMoment,
  takeStep,
  updateSecondMoment,
} from '../../../src/emulate/pod/adafactor-shards.ts';
import { type AdafactorSettings, adafactor, adafactorSettings, adafactorUnfactored, F32, freshShare } from '../../../src/kernels/index.ts';

const [COPIES, ROWS, COLUMNS] = [2, 6, 10];
const ELEMENTS = ROWS * COLUMNS;
const LEARNING_RATE = 0.1;
const STEPS = 3;

/** Numbers of some spread, which differ from step to step. */
const drawn = (seed: number): Float32Array =>
  Float32Array.from(
    { length: COPIES * ELEMENTS },
    (_, i) => Math.sin((i + 1) * (seed + 1.7)) * (1 + (i % COLUMNS)) * (1 + Math.floor(i / COLUMNS)),
  );

/** A part of every matrix, and where ranges of it end. */
interface Piece {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
  readonly ends: readonly number[];
}

const whole = { row: 0, column: 0, rows: ROWS, columns: COLUMNS };
const CUTS: Readonly<Record<string, readonly Piece[]>> = {
  'ranges that end within rows and across matrices': [{ ...whole, ends: [1, 33, 34, 40, 47, 75, 120] }],
  'halves of columns': [0, 5].map((column) => ({ ...whole, column, columns: 5, ends: [60] })),
  'thirds of rows': [0, 2, 4].map((row) => ({ ...whole, row, rows: 2, ends: [40] })),
  'ranges of halves of columns': [0, 5].map((column) => ({ ...whole, column, columns: 5, ends: [7, 12, 31, 60] })),
  'ranges of halves of rows': [0, 3].map((row) => ({ ...whole, row, rows: 3, ends: [3, 20, 33, 60] })),
};

/** One core's range of one piece. */
interface Core {
  readonly piece: Piece;
  readonly cut: CutMatrix;
  /** Places of its numbers in the whole. */
  readonly places: readonly number[];
  readonly weights: Float32Array;
  readonly secondMoment: SecondMoment;
  readonly weightSquares: Float32Array;
  readonly directionSquares: Float32Array;
}

function openCore(piece: Piece, first: number, end: number, factors: boolean): Core {
  const { row, column, rows, columns } = piece;
  const places = Array.from({ length: end - first }, (_, i) => {
    const line = Math.floor((first + i) / columns);
    return Math.floor(line / rows) * ELEMENTS + (row + (line % rows)) * COLUMNS + column + ((first + i) % columns);
  });
  const weights = drawn(0);
  const list = (count: number): Float32Array => new Float32Array(count);
  return {
    piece,
    cut: { rows, columns, wholeRows: ROWS, wholeColumns: COLUMNS, first },
    places,
    weights: Float32Array.from(places, (place) => weights[place]),
    secondMoment: factors
      ? {
          kind: 'factored',
          rowMeans: list(COPIES * rows),
          columnMeans: list(COPIES * columns),
          rows: list(COPIES * rows),
          columns: list(COPIES * columns),
        }
      : { kind: 'unfactored', values: list(places.length) },
    weightSquares: list(COPIES),
    directionSquares: list(COPIES),
  };
}

/** Every one of the lists gets the sum of all. */
function addUp(lists: readonly Float32Array[]): void {
  const sums = lists[0].map((_, i) => lists.reduce((sum, list) => sum + list[i], 0));
  for (const list of lists) list.set(sums);
}

function shared(cores: readonly Core[], pieces: readonly Piece[], what: 'rows' | 'columns'): void {
  const listOf = ({ secondMoment }: Core): Float32Array[] => (secondMoment.kind === 'factored' ? [secondMoment[what]] : []);
  const side = what === 'rows' ? 'row' : 'column';
  for (const place of new Set(pieces.map((piece) => piece[side]))) {
    const lists = cores.filter(({ piece }) => piece[side] === place).flatMap(listOf);
    if (lists.length > 0) addUp(lists);
  }
}

/** Weights after the steps, made by the cores of a cut. */
function learnedInParts(pieces: readonly Piece[], settings: AdafactorSettings, factors: boolean): Float32Array {
  const cores = pieces.flatMap((piece) => piece.ends.map((end, i) => openCore(piece, piece.ends[i - 1] ?? 0, end, factors)));
  for (let step = 1; step <= STEPS; step++) {
    const all = drawn(step);
    const gradients = cores.map(({ places }) => Float32Array.from(places, (place) => all[place]));
    for (const [i, { cut, weights, secondMoment, weightSquares, directionSquares }] of cores.entries()) {
      const ofSides = secondMoment.kind === 'factored' ? [secondMoment.rows, secondMoment.columns] : [];
      for (const list of [...ofSides, weightSquares, directionSquares]) list.fill(0);
      addSquares(cut, { weights, gradient: gradients[i] }, settings.epsilon1, secondMoment, weightSquares);
    }
    shared(cores, pieces, 'rows');
    shared(cores, pieces, 'columns');
    addUp(cores.map(({ weightSquares }) => weightSquares));
    for (const [i, { cut, secondMoment, directionSquares }] of cores.entries()) {
      updateSecondMoment(cut, gradients[i], settings.epsilon1, freshShare(F32, settings, step), secondMoment);
      addDirections(cut, gradients[i], secondMoment, directionSquares);
    }
    addUp(cores.map(({ directionSquares }) => directionSquares));
    for (const [i, { cut, weights, secondMoment, weightSquares, directionSquares }] of cores.entries()) {
      takeStep(cut, { weights, gradient: gradients[i] }, secondMoment, (matrix) =>
        rateOf(cut, weightSquares[matrix], directionSquares[matrix], { ...settings, learningRate: LEARNING_RATE }),
      );
    }
  }
  const result = new Float32Array(COPIES * ELEMENTS).fill(Number.NaN);
  for (const { places, weights } of cores) for (const [i, place] of places.entries()) result[place] = weights[i];
  return result;
}

/** The same by the reference, one matrix after the other. */
function learnedWhole(settings: Partial<AdafactorSettings>, factors: boolean): Float32Array {
  const weights = drawn(0);
  const shape = { rows: ROWS, columns: COLUMNS };
  const rule = (factors ? adafactor : adafactorUnfactored)(settings);
  for (let copy = 0; copy < COPIES; copy++) {
    const part = (values: Float32Array): Float32Array => values.subarray(copy * ELEMENTS, (copy + 1) * ELEMENTS);
    const state = rule.initialise(F32, shape);
    for (let step = 1; step <= STEPS; step++)
      rule.update(F32, shape, { step, learningRate: LEARNING_RATE }, { weights: part(weights), gradient: part(drawn(step)), state });
  }
  return weights;
}

const SETTINGS: Readonly<Record<string, Partial<AdafactorSettings>>> = {
  'the usual settings': {},
  'steps that are clipped more': { clippingThreshold: 0.25, decayExponent: 0.5 },
  'steps that do not look at the weights': { scalesByParameter: false },
  'weights below the least scale': { epsilon2: 100 },
};

describe.each(Object.keys(CUTS))('Adafactor on matrices in %s', (cut) => {
  it.each(Object.keys(SETTINGS))('with %s: every number is that of whole matrices to a rounding', (name) => {
    for (const factors of [true, false]) {
      const expected = learnedWhole(SETTINGS[name], factors);
      const ours = learnedInParts(CUTS[cut], adafactorSettings(SETTINGS[name]), factors);
      const before = drawn(0);
      for (const [i, value] of expected.entries()) {
        expect(Math.abs(ours[i] - value)).toBeLessThan(2e-6 * Math.abs(value - before[i]) + 2e-7 * Math.abs(value));
      }
    }
  });
});

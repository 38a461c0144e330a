import { Purpose } from '../../base/index.ts';
import type { Dtype } from '../../model/index.ts';
import type { KernelCheck } from './check.ts';

const DTYPES: readonly Dtype[] = ['bf16', 'f32'];
/** Full vectors, and columns that are left over. */
const D_MODEL = 21;
const [TOKENS, BATCH_ROWS] = [5, 7];

/** Rows of a batch by their token; -1 is a slot that is left empty. */
const TOKEN_OF_ROW = [2, 0, -1, 4, 2, 1, -1];
/** The rows of token s are ROWS_OF_TOKENS[STARTS[s]] .. ROWS_OF_TOKENS[STARTS[s + 1] - 1]; token 3 was dropped. */
const STARTS = [0, 1, 2, 4, 4, 5];
const ROWS_OF_TOKENS = [1, 5, 0, 4, 3];

const dispatch = DTYPES.map(
  (dtype): KernelCheck => ({
    name: `gatherRows in ${dtype}`,
    run: (table, place) => {
      const batch = place.empty([BATCH_ROWS, D_MODEL], dtype);
      table.gatherRows(place.drawnFrom([0.5, -0, -3, 7], [TOKENS, D_MODEL], dtype), place.integers(TOKEN_OF_ROW), batch);
      return [batch];
    },
  }),
);

const combine = DTYPES.map(
  (dtype): KernelCheck => ({
    name: `combineRows and its backward in ${dtype}`,
    run: (table, place) => {
      const [batch, y, dx] = [
        place.random([BATCH_ROWS, D_MODEL], dtype),
        place.empty([TOKENS, D_MODEL], dtype),
        place.random([TOKENS, D_MODEL], dtype),
      ];
      const [starts, rows, tokens] = [STARTS, ROWS_OF_TOKENS, TOKEN_OF_ROW].map((list) => place.integers(list));
      const [weights, dWeights] = [place.random([BATCH_ROWS], 'f32'), place.empty([BATCH_ROWS], 'f32')];
      const dBatch = place.empty([BATCH_ROWS, D_MODEL], dtype);
      table.combineRows(batch, starts, rows, weights.offset, y, false);
      table.combineRows(batch, starts, rows, null, dx, true);
      table.combineRowsBackward(batch, y, tokens, weights.offset, dBatch, dWeights.offset);
      return [y, dx, dBatch, dWeights];
    },
  }),
);

const scatterAdd = DTYPES.map(
  (dtype): KernelCheck => ({
    name: `scatterAddRows of ${dtype}`,
    run: (table, place) => {
      const sums = place.random([4, D_MODEL], 'f32');
      table.scatterAddRows(place.random([TOKENS, D_MODEL], dtype), place.integers([3, 0, 3, 3, 1]), sums);
      return [sums];
    },
  }),
);

const convert: KernelCheck = {
  name: 'convert',
  run: (table, place) => {
    const numbers = [1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 2 ** -140, 3.4e38, -0, Number.NaN, Number.NEGATIVE_INFINITY];
    const wide = place.drawnFrom(numbers, [3, D_MODEL], 'f32');
    const [narrow, back] = [place.empty([3, D_MODEL], 'bf16'), place.empty([3, D_MODEL], 'f32')];
    table.convert(wide, narrow);
    table.convert(narrow, back);
    return [narrow, back];
  },
};

const noise: KernelCheck = {
  name: 'noiseRow',
  run: (table, place) => {
    const stream = { seed: 5, purpose: Purpose.test, layer: 1, token: 7 };
    const [centred, plain] = [place.empty([D_MODEL], 'bf16'), place.empty([2 * D_MODEL], 'bf16')];
    table.noiseRow(stream, 0.25, place.random([D_MODEL], 'f32'), centred);
    table.noiseRow(stream, 2, null, plain);
    return [centred, plain];
  },
};

/** Kernels that move rows, change their dtype or make them up. */
export const moveChecks: readonly KernelCheck[] = [...dispatch, ...combine, ...scatterAdd, convert, noise];

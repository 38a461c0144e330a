import type { Dtype } from '../../model/index.ts';
import type { KernelCheck } from './check.ts';

const DTYPES: readonly Dtype[] = ['bf16', 'f32'];
/** Full vectors, and columns that are left over. */
const [ROWS, COLUMNS] = [5, 22];

const softmax: KernelCheck = {
  name: 'softmax',
  run: (table, place) => {
    const logits = place.random([ROWS, COLUMNS + 6], 'f32');
    const [eight, odd] = [place.empty([ROWS, 8], 'f32'), place.empty([ROWS, 7], 'f32')];
    const statistics = [place.empty([2, ROWS], 'f32'), place.empty([2, ROWS], 'f32')];
    table.softmax(logits, 5, eight, statistics[0]);
    table.softmax(logits, 3, odd, statistics[1]);
    return [eight, odd, ...statistics];
  },
};

const maskedSoftmax = DTYPES.map(
  (dtype): KernelCheck => ({
    name: `maskedSoftmax to ${dtype}`,
    run: (table, place) => {
      const probabilities = place.empty([ROWS, COLUMNS], dtype);
      const few = place.empty([ROWS, 3], dtype);
      table.maskedSoftmax(place.drawnFrom([0.5, -2, 3, Number.NEGATIVE_INFINITY], [ROWS, COLUMNS], 'f32'), probabilities);
      table.maskedSoftmax(place.drawnFrom([1, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY], [ROWS, 3], 'f32'), few);
      return [probabilities, few];
    },
  }),
);

const softmaxBackward = DTYPES.map(
  (dtype): KernelCheck => ({
    name: `softmaxBackward in ${dtype}`,
    run: (table, place) => {
      const [y, dy, dx] = [
        place.random([ROWS, COLUMNS], dtype),
        place.random([ROWS, COLUMNS], 'f32'),
        place.random([ROWS, COLUMNS], dtype),
      ];
      const fresh = place.empty([ROWS, COLUMNS], dtype);
      table.softmaxBackward(y, dy, dx, true);
      table.softmaxBackward(y, dy, fresh, false);
      return [dx, fresh];
    },
  }),
);

const topK: KernelCheck = {
  name: 'topK',
  run: (table, place) => {
    const outputs = [1, 2, 6].flatMap((k) => {
      const [values, indices] = [place.empty([ROWS, k], 'f32'), place.empty([ROWS, k], 'f32')];
      // Few different numbers, so that ties take part.
      table.topK(place.drawnFrom([0.25, -1, 0.5, 0, -0], [ROWS, COLUMNS], 'f32'), values, indices.offset);
      return [values, indices];
    });
    return outputs;
  },
};

const norms = DTYPES.map(
  (dtype): KernelCheck => ({
    name: `rmsNorm and its backward in ${dtype}`,
    run: (table, place) => {
      const [x, dy, dx] = [1, 2, 3].map(() => place.random([ROWS, COLUMNS], dtype));
      const [gain, dGain] = [place.random([COLUMNS], dtype), place.random([COLUMNS], 'f32')];
      const [y, inverseRms] = [place.empty([ROWS, COLUMNS], dtype), place.empty([ROWS], 'f32')];
      table.rmsNorm(x, gain, y, inverseRms);
      table.rmsNormBackward(x, gain, inverseRms, dy, dx);
      table.rmsNormBackwardGain(x, inverseRms, dy, dGain, { from: 0, to: 9 });
      table.rmsNormBackwardGain(x, inverseRms, dy, dGain, { from: 9, to: COLUMNS });
      return [y, inverseRms, dx, dGain];
    },
  }),
);

const crossEntropy = DTYPES.map(
  (dtype): KernelCheck => ({
    name: `crossEntropy and its backward to ${dtype}`,
    run: (table, place) => {
      const options = { labelSmoothing: 0.1, zLoss: 1e-3 };
      const logits = place.random([ROWS, COLUMNS], 'f32');
      const targets = place.integers([3, 0, -1, COLUMNS - 1, 8]);
      const [statistics, dLogits] = [place.empty([ROWS, 4], 'f32'), place.empty([ROWS, COLUMNS], dtype)];
      table.crossEntropy(logits, targets, options, statistics);
      table.crossEntropyBackward(logits, targets, options, statistics, { counted: 4, dLoss: 0.5 }, dLogits);
      return [statistics, dLogits];
    },
  }),
);

export const rowChecks: readonly KernelCheck[] = [softmax, ...maskedSoftmax, ...softmaxBackward, topK, ...norms, ...crossEntropy];

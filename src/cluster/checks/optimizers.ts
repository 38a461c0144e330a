import { adafactorScratchElements, runAdafactor } from '../../kernels/index.ts';
import type { KernelCheck } from './check.ts';

/** Full vectors, and columns that are left over. */
const [ROWS, COLUMNS] = [6, 11];
const AT = { step: 3, learningRate: 0.01 };

const adamw: KernelCheck = {
  name: 'adamw',
  run: (table, place) => {
    const [weights, gradient, firstMoment, root] = [1, 2, 3, 4].map(() => place.random([ROWS, COLUMNS], 'f32'));
    const secondMoment = place.drawnFrom([0, 0.25, 1e-6], [ROWS, COLUMNS], 'f32');
    const copy = place.empty([ROWS, COLUMNS], 'bf16');
    table.adamw({ weights, gradient, copy, firstMoment, secondMoment }, {}, AT);
    table.adamw({ weights: root, gradient, copy: null, firstMoment, secondMoment }, { weightDecay: 0 }, AT);
    return [weights, root, firstMoment, secondMoment, copy];
  },
};

const sgd: KernelCheck = {
  name: 'sgd',
  run: (table, place) => {
    const [weights, others, gradient, velocity] = [1, 2, 3, 4].map(() => place.random([ROWS, COLUMNS], 'f32'));
    const copy = place.empty([ROWS, COLUMNS], 'bf16');
    table.sgd({ weights, gradient, copy: null, velocity }, { momentum: 0.9 }, AT);
    table.sgd({ weights: others, gradient, copy, velocity: null }, {}, AT);
    return [weights, others, velocity, copy];
  },
};

const adafactor: KernelCheck = {
  name: 'adafactor',
  run: (table, place) => {
    const outcomes = [[ROWS, COLUMNS], [COLUMNS]].flatMap((shape) => {
      const [weights, gradient] = [place.random(shape, 'f32'), place.random(shape, 'f32')];
      const rowMeans = shape.length === 1 ? null : place.drawnFrom([0.25, 1e-4], [ROWS], 'f32');
      const columnMeans = place.drawnFrom([0.5, 1e-3], [COLUMNS], 'f32');
      const copy = place.empty(shape, 'bf16');
      const scratch = place.scratch(adafactorScratchElements({ rows: shape.length === 1 ? 1 : ROWS, columns: COLUMNS }));
      runAdafactor(table, { weights, gradient, copy, rowMeans, columnMeans, scratch, settings: {}, at: AT });
      return [weights, copy, columnMeans, ...(rowMeans === null ? [] : [rowMeans])];
    });
    return outcomes;
  },
};

export const optimizerChecks: readonly KernelCheck[] = [adamw, sgd, adafactor];

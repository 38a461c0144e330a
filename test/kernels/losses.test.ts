import { describe, expect, it } from 'vitest';
import { routerZLoss, squaredLogSumExp } from '../../src/kernels/index.ts';
import { f32Elements, planArena } from '../../src/model/index.ts';
import { addProbabilitySums, balanceLoss } from '../../src/routing/index.ts';
import { memory, readVectors, tables } from './support.ts';

interface Vectors {
  readonly cases: readonly {
    readonly name: string;
    readonly logits: readonly (readonly number[])[];
    readonly out: {
      readonly counts_before_capacity: readonly number[];
      readonly P: readonly number[];
      readonly aux_loss_unscaled: number;
      readonly z_loss: number;
    };
  }[];
  readonly generated: readonly {
    readonly seed: number;
    readonly tokens: number;
    readonly experts: number;
    readonly by_cf: Readonly<Record<string, { readonly aux: number }>>;
    readonly z_loss: number;
  }[];
}

const vectors = readVectors<Vectors>('switch_top1.json');

/** The losses of logits [S, E] as a run computes them, through one table's softmax. */
function losses(table: (typeof tables)[number], logits: readonly (readonly number[])[]) {
  const tokens = logits.length;
  const experts = logits[0].length;
  const arena = planArena(64);
  const view = arena.allocate([tokens, experts], 'f32');
  const probabilities = arena.allocate([tokens, experts], 'f32');
  const statistics = arena.allocate([2, tokens], 'f32');
  f32Elements(memory.buffer, view).set(logits.flat());
  table.softmax(view, 0, probabilities, statistics);
  const sums = new Float64Array(experts);
  const values = f32Elements(memory.buffer, probabilities);
  addProbabilitySums(sums, values);
  const counts = new Int32Array(experts);
  for (let s = 0; s < tokens; s++) {
    const row = Array.from(values.subarray(s * experts, (s + 1) * experts));
    counts[row.indexOf(Math.max(...row))]++;
  }
  return {
    counts,
    sums,
    auxiliary: balanceLoss(counts, sums, tokens),
    z: routerZLoss(squaredLogSumExp(f32Elements(memory.buffer, statistics)), tokens),
  };
}

/** The generator that the vectors state: xorshift32, 24 bits, scaled to [-4, 4). */
function generatedLogits(seed: number, tokens: number, experts: number): number[][] {
  let state = seed;
  const logit = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (((state >>> 0) >>> 8) / 2 ** 24) * 8 - 4;
  };
  return Array.from({ length: tokens }, () => Array.from({ length: experts }, logit));
}

describe('router losses', () => {
  it('agree with the golden cases', () => {
    expect(vectors.cases.length).toBeGreaterThan(0);
    for (const table of tables) {
      for (const { name, logits, out } of vectors.cases) {
        const { counts, sums, auxiliary, z } = losses(table, logits);
        expect(Array.from(counts), name).toEqual(out.counts_before_capacity);
        out.P.forEach((mean, e) => {
          expect(sums[e] / logits.length).toBeCloseTo(mean, 6);
        });
        expect(Math.abs(auxiliary - out.aux_loss_unscaled), name).toBeLessThan(1e-6);
        expect(Math.abs(z - out.z_loss) / out.z_loss, name).toBeLessThan(1e-6);
      }
    }
  });

  it('agree with the large generated cases', () => {
    expect(vectors.generated.length).toBeGreaterThan(0);
    for (const { seed, tokens, experts, by_cf, z_loss } of vectors.generated) {
      const { auxiliary, z } = losses(tables[0], generatedLogits(seed, tokens, experts));
      for (const { aux } of Object.values(by_cf)) expect(Math.abs(auxiliary - aux)).toBeLessThan(1e-6);
      expect(Math.abs(z - z_loss) / z_loss).toBeLessThan(1e-6);
    }
  });

  it('are least, 1, when routing is uniform, and E when one expert takes all', () => {
    expect(balanceLoss([5, 5, 5, 5], [5, 5, 5, 5], 20)).toBe(1);
    expect(balanceLoss([20, 0, 0, 0], [20, 0, 0, 0], 20)).toBe(4);
  });
});

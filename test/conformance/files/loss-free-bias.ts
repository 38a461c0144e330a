import { expect } from 'vitest';
import { updateBias } from '../../../src/routing/index.ts';
import { type Case, expectEqual, expectNear, type VectorFile } from '../case.ts';
import { routed } from '../routed.ts';

interface Vectors {
  readonly about: string;
  readonly logits: readonly (readonly number[])[];
  readonly history: readonly { readonly bias: readonly number[]; readonly counts: readonly number[] }[];
}

const TOLERANCE = 1e-6;

/** Biases that balance experts without a loss: each step's counts, and the bias that follows from them. */
export function lossFreeBias({ about, logits, history }: Vectors): VectorFile {
  const topK = Number(/k=(\d+)/.exec(about)?.[1] ?? 2);
  const rate = Number(/u=(\d*\.?\d+(?:e[+-]?\d+)?)/i.exec(about)?.[1] ?? 0.05);
  const cases = history.map(
    ({ bias, counts }, step): Case => ({
      name: `step ${step}`,
      run: () => {
        const given = Float32Array.from(bias);
        const { expert } = routed('loss-free', { topK }, logits, logits.length, { bias: given }).assignment;
        const found = new Int32Array(bias.length);
        for (const chosen of expert) found[chosen]++;
        expectEqual(found, counts, 'tokens per expert');
        if (step + 1 < history.length) expectNear(updateBias(given, found, rate), history[step + 1].bias, TOLERANCE, 'next bias');
        else expect(step).toBe(history.length - 1);
      },
    }),
  );
  return { cases };
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Assignment, RouterGradient } from '../../src/routing/index.ts';
import { ORACLES } from './oracles/index.ts';
import { type ScoredInput, scoredInput, smoothInputsOf } from './scores.ts';
import { ROUTER_VARIANTS, type RouterVariant } from './variants.ts';

const STEP = 1e-5;

/** A loss that sees every weight and the auxiliary loss: sum over kept rows of r(token, expert) weight + 0.3 x auxiliary loss. */
const AUXILIARY = 0.3;
const pull = (token: number, expert: number): number => Math.sin(1 + 3 * token + 7 * expert);

function gradientOf({ router }: RouterVariant, input: ScoredInput, assignment: Assignment): RouterGradient {
  const gradient = {
    weight: Float32Array.from(assignment.token, (token, row) => pull(token, assignment.expert[row])),
    auxiliaryLoss: AUXILIARY,
    logits: new Float32Array(input.tokens * input.experts),
    noiseLogits: new Float32Array(input.tokens * input.experts),
  };
  router.backward(input, assignment, gradient);
  return gradient;
}

/** The loss by the oracle, which slots are filled, and what else was decided. */
function oracleLoss({ key, options }: RouterVariant, input: ScoredInput, answered: Assignment): { loss: number; filled: string } {
  const { combine, auxiliaryLoss, decisions = '' } = ORACLES[key](input, options, answered);
  let loss = AUXILIARY * auxiliaryLoss;
  let filled = decisions;
  for (const [at, weight] of combine.entries()) {
    const place = Math.floor(at / input.expertCapacity);
    loss += weight * pull(Math.floor(place / input.experts), place % input.experts);
    if (weight !== 0) filled += `${at} `;
  }
  return { loss, filled };
}

function moved(scores: ScoredInput['scores'], token: number, expert: number, by: number): number[][] {
  return scores.map((row, t) => row.map((score, e) => (t === token && e === expert ? score + by : score)));
}

/** Central differences of the oracle in double precision at one entry; null where the step changes a decision. */
function difference(
  variant: RouterVariant,
  input: ScoredInput,
  answered: Assignment,
  which: 'scores' | 'noiseScores',
  token: number,
  expert: number,
): number | null {
  const at = (by: number) => oracleLoss(variant, { ...input, [which]: moved(input[which], token, expert, by) }, answered);
  const [above, here, below] = [at(STEP), at(0), at(-STEP)];
  return above.filled === here.filled && below.filled === here.filled ? (above.loss - below.loss) / (2 * STEP) : null;
}

describe.each(ROUTER_VARIANTS.map((one) => [one.name, one] as const))('gradient of router %s', (_, variant) => {
  it('equals finite differences of the oracle in double precision', () => {
    let compared = 0;
    let largest = 0;
    fc.assert(
      fc.property(smoothInputsOf(Math.max(4, variant.router.topK)), (input) => {
        const assignment = variant.router.route(input);
        const gradient = gradientOf(variant, input, assignment);
        const readsNoise = variant.router.reads.includes('noiseLogits');
        for (let token = 0; token < input.tokens; token++) {
          for (let expert = 0; expert < input.experts; expert++) {
            const at = token * input.experts + expert;
            for (const which of readsNoise ? (['scores', 'noiseScores'] as const) : (['scores'] as const)) {
              const expected = difference(variant, input, assignment, which, token, expert);
              if (expected === null) continue;
              const actual = (which === 'scores' ? gradient.logits : (gradient.noiseLogits ?? []))[at];
              expect(Math.abs(actual - expected), `${which} ${token}, ${expert}`).toBeLessThan(2e-5 * Math.max(1, Math.abs(expected)));
              largest = Math.max(largest, Math.abs(expected));
              compared++;
            }
          }
        }
      }),
      { numRuns: 25 },
    );
    expect(compared).toBeGreaterThan(200);
    if (variant.router.learned) expect(largest).toBeGreaterThan(0.01);
    else expect(largest).toBe(0);
  });

  if (variant.router.learned)
    it('is not zero: the router learns from its weights alone', () => {
      const experts = Math.max(4, variant.router.topK);
      const scores = Array.from({ length: 8 }, (_, token) => Array.from({ length: experts }, (_, e) => Math.cos(5 * token + 2 * e)));
      const input = scoredInput(scores, 8, 3);
      const assignment = variant.router.route(input);
      const logits = new Float32Array(8 * experts);
      const weight = new Float32Array(assignment.weight.length)
        .fill(1)
        .map((_, row) => pull(assignment.token[row], assignment.expert[row]));
      variant.router.backward(input, assignment, { weight, auxiliaryLoss: 0, logits, noiseLogits: new Float32Array(8 * experts) });
      expect(Math.max(...logits.map(Math.abs))).toBeGreaterThan(0.01);
    });
});

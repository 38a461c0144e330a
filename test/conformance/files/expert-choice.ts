import { expect } from 'vitest';
import { createRouter } from '../../../src/routing/index.ts';
import { expectEqual, expectNear, type VectorFile } from '../case.ts';
import { byToken, routed } from '../routed.ts';

interface Example {
  readonly seed: number;
  readonly tokens: number;
  readonly experts: number;
  readonly cf: number;
  readonly logits: readonly (readonly number[])[];
  readonly capacity: number;
  readonly expert_tokens: readonly (readonly number[])[];
  readonly weights: readonly (readonly number[])[];
  readonly experts_per_token: readonly number[];
  readonly tokens_unserved: number;
}

const TOLERANCE = 1e-6;

/** Experts that choose their tokens. */
export function expertChoice({ cases }: { readonly cases: readonly Example[] }): VectorFile {
  return { cases: cases.map((example) => ({ name: `seed ${example.seed}`, run: () => check(example) })) };
}

function check({ tokens, experts, cf: capacityFactor, logits, ...out }: Example): void {
  expect(createRouter('expert-choice').ownCapacity?.({ tokens, experts, capacityFactor }), 'capacity').toBe(out.capacity);
  const { router, input, assignment } = routed('expert-choice', {}, logits, out.capacity);
  expect(byToken(assignment.token, experts), 'tokens of each expert').toEqual(out.expert_tokens);
  expectNear(assignment.weight, out.weights.flat(), TOLERANCE, 'weights');
  const perToken = new Int32Array(tokens);
  for (const token of assignment.token) perToken[token]++;
  expectEqual(perToken, out.experts_per_token, 'experts per token');
  expect(perToken.filter((count) => count === 0).length, 'tokens without expert').toBe(out.tokens_unserved);
  expect(router.auxiliaryLoss(input, assignment), 'auxiliary loss').toBe(0);
}

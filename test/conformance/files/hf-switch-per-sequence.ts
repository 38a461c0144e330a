import { expect } from 'vitest';
import { type Case, expectEqual, expectNear, type VectorFile } from '../case.ts';
import { keptOf, routed } from '../routed.ts';

interface Example {
  readonly seed: number;
  readonly batch: number;
  readonly experts: number;
  readonly expert_capacity: number;
  readonly logits: readonly (readonly (readonly number[])[])[];
  readonly argmax: readonly (readonly number[])[];
  readonly kept: readonly (readonly number[])[];
  readonly expert_index_seen_by_aux_loss: readonly (readonly number[])[];
}

const TOLERANCE = 1e-6;

/** Hugging Face's Switch router: every sequence is a group with a constant capacity, and its loss counts dropped tokens for expert 0. */
export function hfSwitchPerSequence({ cases }: { readonly cases: readonly Example[] }): VectorFile {
  return {
    cases: cases.flatMap((example) =>
      example.logits.map(
        (_, sequence): Case => ({ name: `seed ${example.seed}, sequence ${sequence}`, run: () => check(example, sequence) }),
      ),
    ),
  };
}

function check({ experts, expert_capacity, ...example }: Example, sequence: number): void {
  expect(example.logits.length, 'sequences').toBe(example.batch);
  const options = { countsForLoss: 'huggingface' };
  const { router, input, assignment, probabilities } = routed('switch-top1', options, example.logits[sequence], expert_capacity);
  expectEqual(assignment.expert, example.argmax[sequence], 'expert');
  expectEqual(keptOf(assignment), example.kept[sequence], 'kept');
  // The loss sees the counts alone: E sum of f P over the choices that the file says it sees.
  const seen = example.expert_index_seen_by_aux_loss[sequence];
  const tokens = seen.length;
  const means = new Float64Array(experts);
  for (const [i, probability] of probabilities.entries()) means[i % experts] += probability / tokens;
  const loss = seen.reduce((sum, expert) => sum + means[expert] / tokens, 0) * experts;
  expectNear([router.auxiliaryLoss(input, assignment)], [loss], TOLERANCE, 'auxiliary loss');
}

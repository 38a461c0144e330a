import { expect } from 'vitest';
import type { OptionValues } from '../../../src/routing/index.ts';
import { type Case, expectEqual, expectNear, type VectorFile } from '../case.ts';
import { byToken, keptOf, type Routed, routed } from '../routed.ts';

type Table = readonly (readonly number[])[];

interface Example {
  readonly seed: number;
  readonly tokens: number;
  readonly k: number;
  readonly logits: Table;
  readonly topk_index: Table;
  readonly topk_prob: Table;
  readonly flaxformer_choice_major: {
    readonly capacity: number;
    readonly kept: Table;
    readonly dropped: number;
    readonly aux_loss_unscaled: number;
  };
  readonly flaxformer_bpr: {
    readonly capacity: number;
    readonly kept: Table;
    readonly dropped: number;
    readonly token_order: readonly number[];
  };
  readonly maxtext_token_major: { readonly capacity: number; readonly kept: Table; readonly dropped: number; readonly weights: Table };
  readonly deepspeed_normalise_after_drop: { readonly capacity: number; readonly kept: Table; readonly weights: Table };
  readonly mixtral_hf_no_drop: { readonly weights: Table; readonly aux_loss: number };
}

const TOLERANCE = 1e-6;

/** The same logits under the dropping orders and weights of several implementations. */
export function topkVariants({ cases }: { readonly cases: readonly Example[] }): VectorFile {
  return {
    cases: cases.flatMap((example): Case[] =>
      Object.entries(CHECKS).map(([variant, check]) => ({ name: `seed ${example.seed}, ${variant}`, run: () => check(example) })),
    ),
  };
}

const CHECKS: Readonly<Record<string, (example: Example) => void>> = {
  flaxformer_choice_major: (example) => {
    const { capacity, kept, dropped, aux_loss_unscaled } = example.flaxformer_choice_major;
    const answer = route(example, 'topk', {}, capacity);
    expectKept(answer, kept, dropped);
    expectWeights(answer, masked(example.topk_prob, kept));
    expectNear([answer.router.auxiliaryLoss(answer.input, answer.assignment)], [aux_loss_unscaled], TOLERANCE, 'auxiliary loss');
  },
  flaxformer_bpr: (example) => {
    const { capacity, kept, dropped, token_order } = example.flaxformer_bpr;
    for (const answer of [
      route(example, 'batch-prioritised', {}, capacity),
      route(example, 'topk', { priority: 'batch-prioritised' }, capacity),
    ]) {
      expectKept(answer, kept, dropped);
      expectWeights(answer, masked(example.topk_prob, kept));
    }
    // With room for all, the tokens whose first choice is the same expert sit in the order in which they queue.
    const { expert, slot } = route(example, 'batch-prioritised', {}, example.tokens * example.k).assignment;
    const [choices, seats] = [byToken(expert, example.tokens), byToken(slot, example.tokens)];
    const queues = (tokens: readonly number[]): number[][] =>
      [...new Set(expert)].sort().map((e) => tokens.filter((token) => choices[token][0] === e));
    const seated = Array.from(seats, (_, token) => token).sort((a, b) => seats[a][0] - seats[b][0]);
    expect(queues(seated), 'order of the tokens').toEqual(queues(token_order));
    expectEqual(
      [...token_order].sort((a, b) => a - b),
      Array.from(seats.keys()),
      'tokens in the order',
    );
  },
  maxtext_token_major: (example) => {
    const { capacity, kept, dropped, weights } = example.maxtext_token_major;
    const options = { priority: 'token-major', normalise: 'softmax-over-chosen' };
    // Its rule gives no slots to a group with fewer choices than experts at cf < 1; routers refuse to start with none.
    if (capacity === 0) {
      expect(kept.flat().every((bit) => bit === 0) && dropped === example.tokens * example.k, 'all are dropped').toBe(true);
      expect(() => route(example, 'topk', options, capacity)).toThrow('expertCapacity must be a whole number above 0');
      expectWeights(route(example, 'topk', options, example.tokens * example.k), weights);
      return;
    }
    const answer = route(example, 'topk', options, capacity);
    expectKept(answer, kept, dropped);
    expectWeights(answer, masked(weights, kept));
  },
  deepspeed_normalise_after_drop: (example) => {
    const { capacity, kept, weights } = example.deepspeed_normalise_after_drop;
    const answer = route(example, 'topk', { normalise: 'after-drop' }, capacity);
    expectKept(answer, kept);
    expectWeights(answer, weights);
  },
  mixtral_hf_no_drop: (example) => {
    const { weights, aux_loss } = example.mixtral_hf_no_drop;
    const answer = route(example, 'topk', { normalise: 'softmax-over-chosen' }, example.tokens * example.k);
    expectWeights(answer, weights);
    expectNear([answer.router.auxiliaryLoss(answer.input, answer.assignment)], [aux_loss], TOLERANCE, 'auxiliary loss');
  },
};

/** Routes the example and checks what all variants share: the chosen experts. */
function route({ k: topK, tokens, logits, topk_index }: Example, router: string, options: OptionValues, capacity: number): Routed {
  const answer = routed(router, { topK, ...options }, logits, capacity);
  expect(byToken(answer.assignment.expert, tokens), 'chosen experts').toEqual(topk_index);
  return answer;
}

function expectKept({ assignment, input }: Routed, kept: Table, dropped?: number): void {
  expect(byToken(keptOf(assignment), input.tokens), 'kept').toEqual(kept);
  if (dropped !== undefined) expect(assignment.slot.filter((seat) => seat < 0).length, 'dropped choices').toBe(dropped);
}

function expectWeights({ assignment }: Routed, weights: Table): void {
  expectNear(assignment.weight, weights.flat(), TOLERANCE, 'weights');
}

function masked(weights: Table, kept: Table): Table {
  return weights.map((row, token) => row.map((weight, choice) => weight * kept[token][choice]));
}

import { expect } from 'vitest';
import { CAPACITY_RULES } from '../../../src/routing/index.ts';
import { type Case, expectEqual, expectNear, type VectorFile } from '../case.ts';
import { byToken, keptOf, routed } from '../routed.ts';

interface MeshTensorFlow {
  readonly capacity: number;
  readonly index1: readonly number[];
  readonly index2: readonly number[];
  readonly gate1: readonly number[];
  readonly gate2: readonly number[];
  readonly second_requested: readonly number[];
  readonly pos1: readonly number[];
  readonly pos2: readonly number[];
  readonly kept1: readonly number[];
  readonly kept2: readonly number[];
  readonly dropped_first: number;
  readonly dropped_second_by_policy: number;
  readonly dropped_second_by_capacity: number;
  readonly tokens_with_no_expert: number;
  readonly combine_row_sums: readonly number[];
  readonly aux_loss_unscaled: number;
}

interface Example {
  readonly seed: number;
  readonly tokens: number;
  readonly experts: number;
  readonly cf: number;
  readonly logits: readonly (readonly number[])[];
  readonly uniform: readonly number[];
  readonly mtf_random: MeshTensorFlow;
  readonly mtf_all: MeshTensorFlow;
  readonly gshard_algorithm1: {
    readonly capacity: number;
    readonly kept1: readonly number[];
    readonly kept2: readonly number[];
    readonly gate1: readonly number[];
    readonly gate2: readonly number[];
    readonly l_aux_paper: number;
  };
}

const TOLERANCE = 1e-6;
const times = (gates: readonly number[], kept: readonly number[]): number[] => gates.map((gate, token) => gate * kept[token]);
const column = <Value>(rows: readonly (readonly Value[])[], choice: number): Value[] => rows.map((row) => row[choice]);

/** Top-2 of Mesh-TensorFlow under two policies, and GShard's Algorithm 1. */
export function top2({ cases }: { readonly cases: readonly Example[] }): VectorFile {
  return {
    cases: cases.flatMap((example): Case[] => [
      { name: `seed ${example.seed}, mtf_random`, run: () => checkMtf(example, 'random', example.mtf_random) },
      { name: `seed ${example.seed}, mtf_all`, run: () => checkMtf(example, 'all', example.mtf_all) },
      { name: `seed ${example.seed}, gshard_algorithm1`, run: () => checkGshard(example) },
    ]),
  };
}

function checkMtf({ tokens, logits, uniform }: Example, secondPolicy: string, out: MeshTensorFlow): void {
  const { router, input, assignment } = routed('mtf-top2', { secondPolicy }, logits, out.capacity, { draw: (token) => uniform[token] });
  const [expert, slot, requested, weight] = [assignment.expert, assignment.slot, assignment.requested, assignment.weight].map((values) =>
    byToken<number>(values, tokens),
  );
  expectEqual(column(expert, 0), out.index1, 'index1');
  expectEqual(column(expert, 1), out.index2, 'index2');
  expectEqual(column(requested, 1), out.second_requested, 'second requested');
  for (const [choice, position, kept, gate] of [
    [0, out.pos1, out.kept1, out.gate1],
    [1, out.pos2, out.kept2, out.gate2],
  ] as const) {
    const seats = position.map((place, token) => (kept[token] ? place : -1));
    expectEqual(column(slot, choice), seats, `slots of choice ${choice + 1}`);
    expectNear(column(weight, choice), times(gate, kept), TOLERANCE, `weights of choice ${choice + 1}`);
  }
  const count = (rows: readonly boolean[]): number => rows.filter(Boolean).length;
  expect(count(slot.map(([first]) => first < 0)), 'first choices dropped').toBe(out.dropped_first);
  expect(count(requested.map(([, second]) => second === 0)), 'second choices not requested').toBe(out.dropped_second_by_policy);
  expect(count(slot.map(([, second], token) => second < 0 && requested[token][1] === 1)), 'second choices dropped').toBe(
    out.dropped_second_by_capacity,
  );
  expect(count(slot.map((seats) => seats.every((seat) => seat < 0))), 'tokens without expert').toBe(out.tokens_with_no_expert);
  expectNear(
    weight.map(([first, second]) => first + second),
    out.combine_row_sums,
    TOLERANCE,
    'sum of weights',
  );
  expectNear([router.auxiliaryLoss(input, assignment)], [out.aux_loss_unscaled], TOLERANCE, 'auxiliary loss');
}

function checkGshard({ tokens, experts, cf, logits, uniform, gshard_algorithm1: out }: Example): void {
  expect(CAPACITY_RULES.gshard.expertCapacity({ tokens, experts, capacityFactor: cf, topK: 2 }), 'capacity').toBe(out.capacity);
  const { router, input, assignment } = routed('gshard-top2', {}, logits, out.capacity, { draw: (token) => uniform[token] });
  const kept = byToken(keptOf(assignment), tokens);
  const weight = byToken<number>(assignment.weight, tokens);
  expectEqual(column(kept, 0), out.kept1, 'first choices kept');
  expectEqual(column(kept, 1), out.kept2, 'second choices kept');
  expectNear(column(weight, 0), times(out.gate1, out.kept1), TOLERANCE, 'first weights');
  expectNear(column(weight, 1), times(out.gate2, out.kept2), TOLERANCE, 'second weights');
  // The paper's loss is the mean over experts of shares times means; the code multiplies by the square of their number, and so do routers here.
  expectNear([router.auxiliaryLoss(input, assignment) / (experts * experts)], [out.l_aux_paper], TOLERANCE, 'auxiliary loss');
}

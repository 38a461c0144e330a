import { expect } from 'vitest';
import { roundToBf16, routerZLoss, squaredLogSumExp } from '../../../src/kernels/index.ts';
import { CAPACITY_RULES, countAssignment } from '../../../src/routing/index.ts';
import { type Case, expectEqual, expectNear, type VectorFile } from '../case.ts';
import { type Routed, routed } from '../routed.ts';

interface Example {
  readonly name: string;
  readonly tokens: number;
  readonly experts: number;
  readonly capacity_factor: number;
  readonly min_expert_capacity: number;
  readonly logits: readonly (readonly number[])[];
  readonly out: {
    readonly capacity: number;
    readonly expert_index: readonly number[];
    readonly gate: readonly number[];
    readonly position_in_expert: readonly number[];
    readonly kept: readonly number[];
    readonly counts_before_capacity: readonly number[];
    readonly counts_kept: readonly number[];
    readonly dropped: number;
    readonly f: readonly number[];
    readonly P: readonly number[];
    readonly aux_loss_unscaled: number;
    readonly z_loss: number;
  };
}

interface Generated {
  readonly seed: number;
  readonly tokens: number;
  readonly experts: number;
  readonly by_cf: Readonly<Record<string, { readonly capacity: number; readonly dropped: number; readonly aux: number }>>;
  readonly counts_first16: readonly number[];
  readonly max_count: number;
  readonly index_checksum: number;
  readonly z_loss: number;
  readonly bf16_rounded_logits: { readonly changed_argmax: number; readonly index_checksum: number; readonly rows_with_top_tie: number };
}

const TOLERANCE = 1e-6;

/** Switch routing: choices, places, weights, losses; and large inputs by their checksums. */
export function switchTop1({
  cases = [],
  generated = [],
}: {
  readonly cases?: readonly Example[];
  readonly generated?: readonly Generated[];
}): VectorFile {
  return {
    cases: [
      ...cases.map((example): Case => ({ name: example.name, run: () => checkExample(example) })),
      ...generated.flatMap((example) => [
        ...Object.entries(example.by_cf).map(
          ([cf, wanted]): Case => ({
            name: `generated ${example.tokens} x ${example.experts}, seed ${example.seed}, cf ${cf}`,
            run: () => checkGenerated(example, Number(cf), wanted),
          }),
        ),
        {
          name: `generated ${example.tokens} x ${example.experts}, seed ${example.seed}, logits rounded to bf16`,
          run: () => checkRounded(example),
        },
      ]),
    ],
  };
}

const zLossOf = ({ statistics }: { readonly statistics: Float32Array }, tokens: number): number =>
  routerZLoss(squaredLogSumExp(statistics), tokens);

function checkExample({ tokens, experts, capacity_factor, min_expert_capacity, logits, out }: Example): void {
  if (min_expert_capacity === 4) {
    const sizes = { tokens, experts, capacityFactor: capacity_factor, topK: 1 };
    expect(CAPACITY_RULES['mesh-tf'].expertCapacity(sizes), 'capacity').toBe(out.capacity);
  }
  const answer = routed('switch-top1', {}, logits, out.capacity);
  const { assignment, probabilities } = answer;
  const { requested, kept, droppedTokens } = tally(answer);
  expectEqual(assignment.expert, out.expert_index, 'expert');
  expectEqual(
    assignment.slot,
    out.position_in_expert.map((position, token) => (out.kept[token] ? position : -1)),
    'slot',
  );
  expectNear(
    assignment.weight,
    out.gate.map((gate, token) => gate * out.kept[token]),
    TOLERANCE,
    'gate',
  );
  expectEqual(requested, out.counts_before_capacity, 'tokens per expert');
  expectEqual(kept, out.counts_kept, 'kept per expert');
  expect(droppedTokens, 'dropped').toBe(out.dropped);
  expectNear(
    requested.map((count) => count / tokens),
    out.f,
    TOLERANCE,
    'f',
  );
  const means = new Float64Array(experts);
  for (const [i, probability] of probabilities.entries()) means[i % experts] += probability / tokens;
  expectNear(means, out.P, TOLERANCE, 'P');
  expectNear([answer.router.auxiliaryLoss(answer.input, assignment)], [out.aux_loss_unscaled], TOLERANCE, 'auxiliary loss');
  expectNear([zLossOf(answer, tokens)], [out.z_loss], TOLERANCE, 'z-loss');
}

function tally({ assignment, input }: Routed) {
  const requested = new Int32Array(input.experts);
  const kept = new Int32Array(input.experts);
  const { droppedTokens } = countAssignment(assignment, input.tokens, requested, kept, 0);
  return { requested: Array.from(requested), kept: Array.from(kept), droppedTokens };
}

/** The generator that the file states: xorshift32, 24 bits, scaled to [-4, 4). */
export function generatedLogits(seed: number, tokens: number, experts: number): number[][] {
  let state = seed;
  const logit = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (((state >>> 0) >>> 8) / 2 ** 24) * 8 - 4;
  };
  return Array.from({ length: tokens }, () => Array.from({ length: experts }, logit));
}

const checksum = (expert: Int32Array): number => expert.reduce((sum, chosen, token) => sum + (token + 1) * chosen, 0);

function checkGenerated(
  { seed, tokens, experts, counts_first16, max_count, index_checksum, z_loss }: Generated,
  capacityFactor: number,
  wanted: { readonly capacity: number; readonly dropped: number; readonly aux: number },
): void {
  expect(CAPACITY_RULES['mesh-tf'].expertCapacity({ tokens, experts, capacityFactor, topK: 1 }), 'capacity').toBe(wanted.capacity);
  const answer = routed('switch-top1', {}, generatedLogits(seed, tokens, experts), wanted.capacity);
  const { requested, droppedTokens } = tally(answer);
  expect(checksum(answer.assignment.expert), 'checksum of the choices').toBe(index_checksum);
  expectEqual(requested.slice(0, counts_first16.length), counts_first16, 'first counts');
  expect(Math.max(...requested), 'largest count').toBe(max_count);
  expect(droppedTokens, 'dropped').toBe(wanted.dropped);
  expectNear([answer.router.auxiliaryLoss(answer.input, answer.assignment)], [wanted.aux], TOLERANCE, 'auxiliary loss');
  expectNear([zLossOf(answer, tokens)], [z_loss], TOLERANCE, 'z-loss');
}

/** What routing in bf16 would do: logits that differ in f32 become equal, and the lower index wins. */
function checkRounded({ seed, tokens, experts, bf16_rounded_logits: wanted }: Generated): void {
  const exact = generatedLogits(seed, tokens, experts);
  const rounded = exact.map((row) => row.map(roundToBf16));
  const choices = (logits: readonly (readonly number[])[]): Int32Array => routed('switch-top1', {}, logits, tokens).assignment.expert;
  const before = choices(exact);
  const after = choices(rounded);
  expect(after.filter((expert, token) => expert !== before[token]).length, 'changed choices').toBe(wanted.changed_argmax);
  expect(checksum(after), 'checksum of the choices').toBe(wanted.index_checksum);
  const tied = rounded.filter((row) => row.filter((logit) => logit === Math.max(...row)).length > 1);
  expect(tied.length, 'rows with a tie at the top').toBe(wanted.rows_with_top_tie);
}

import { expect } from 'vitest';
import {
  allWeights,
  countParameters,
  forwardFlops,
  MODEL_PRESETS,
  type ModelSpec,
  modelFlopsPerStep,
  outputStack,
  type PairRule,
  type StepTokens,
  switchLayersOf,
  weightCount,
} from '../../../src/model/index.ts';
import type { Case, VectorFile } from '../case.ts';

interface MaxTextRow {
  readonly model: string;
  readonly tokens_per_chip: number;
  readonly seq: number;
  readonly weight_tflop: number;
  readonly attention_tflop_noncausal: number;
  readonly published_step_s_times_tflops: number;
  readonly published_uses: string;
  readonly params_no_bias_rmsnorm_untied: number;
}
interface DeepSeekRow {
  readonly tokens_per_chip: number;
  readonly weight_tflop: number;
  readonly attention_tflop_causal: number;
  readonly total: number;
  readonly published_total: number;
  readonly published_attention_share: number;
}
interface SwitchRow {
  readonly model: string;
  readonly derived_params: number;
  readonly derived_fwd_flops_projections_512_114: number;
}
interface Vectors {
  readonly maxtext?: readonly MaxTextRow[];
  readonly deepseek2_16b?: DeepSeekRow;
  readonly switch?: readonly SwitchRow[];
  readonly known_exact?: Readonly<Record<string, unknown>>;
}

/** Sequences of the run that printed the row of DeepSeek-V2-Lite: MaxText's max_target_length. */
const DEEPSEEK_LENGTH = 2048;

/** Parameters and FLOPs of published models, row by row. */
export function flopsParams({ maxtext = [], switch: rows = [], deepseek2_16b, known_exact = {} }: Vectors): VectorFile {
  const exact = Object.entries(known_exact).flatMap(([model, count]) => (typeof count === 'number' ? [{ model, count }] : []));
  return {
    cases: [
      ...maxtext.flatMap(maxTextCases),
      ...(deepseek2_16b === undefined ? [] : deepSeekCases(deepseek2_16b)),
      ...rows.flatMap(switchCases),
      ...exact.map(
        ({ model, count }): Case => ({
          name: `${model}: exact parameters`,
          run: () => expect(weightCount(allWeights(presetOf(model)))).toBe(count),
        }),
      ),
    ],
  };
}

function maxTextCases(row: MaxTextRow): Case[] {
  const { model, tokens_per_chip: tokens, seq } = row;
  const spec = presetOf(model);
  const weights = tflop(spec, tokens, seq, 'none');
  const attention = tflop(spec, tokens, seq, 'full') - weights;
  const title = `${model}, ${tokens} tokens per chip`;
  return [
    { name: `${title}: FLOPs of the weights`, run: () => closeTo(weights, row.weight_tflop, 1e-6) },
    { name: `${title}: FLOPs of attention`, run: () => closeTo(attention, row.attention_tflop_noncausal, 1e-5) },
    {
      name: `${title}: published FLOPs of a step`,
      run: () => {
        const rule = row.published_uses.startsWith('causal') ? 'causal' : 'full';
        closeTo(tflop(spec, tokens, seq, rule), row.published_step_s_times_tflops, 1e-4);
      },
    },
    {
      name: `${title}: parameters with an output matrix of their own, no biases and no positions`,
      run: () => {
        const plain: ModelSpec = {
          ...spec,
          attentionBias: false,
          ffnBias: false,
          tiedEmbeddings: false,
          positions: { kind: 'none', count: 0 },
        };
        expect(weightCount(allWeights(plain))).toBe(row.params_no_bias_rmsnorm_untied);
      },
    },
  ];
}

function deepSeekCases(row: DeepSeekRow): Case[] {
  const spec = presetOf('deepseek-v2-lite');
  const weights = tflop(spec, row.tokens_per_chip, DEEPSEEK_LENGTH, 'none', 6);
  const total = tflop(spec, row.tokens_per_chip, DEEPSEEK_LENGTH, 'causal', 6);
  return [
    { name: 'deepseek2-16b: FLOPs of the weights', run: () => closeTo(weights, row.weight_tflop, 1e-5) },
    { name: 'deepseek2-16b: FLOPs of causal latent attention', run: () => closeTo(total - weights, row.attention_tflop_causal, 1e-4) },
    { name: 'deepseek2-16b: FLOPs of a step as MaxText prints them', run: () => closeTo(total, row.published_total, 1e-5) },
    {
      name: 'deepseek2-16b: share of attention',
      run: () => expect((total - weights) / total).toBeCloseTo(row.published_attention_share, 4),
    },
  ];
}

function switchCases(row: SwitchRow): Case[] {
  const printed = /^(\S+) \((\d+) experts/.exec(row.model);
  const spec = presetOf(printed?.[1] ?? row.model);
  const model = printed === null || spec.moe === null ? spec : { ...spec, moe: { ...spec.moe, experts: Number(printed[2]) } };
  return [
    { name: `${row.model}: parameters`, run: () => expect(matrixParameters(model)).toBe(row.derived_params) },
    {
      name: `${row.model}: forward FLOPs of the projections of one sequence, 512 and 114 tokens`,
      run: () => expect(projectionFlops(model)).toBe(row.derived_fwd_flops_projections_512_114),
    },
  ];
}

/** The preset of that name: a row of a published table may write capitals. */
function presetOf(model: string): ModelSpec {
  const preset = MODEL_PRESETS[model.toLowerCase()];
  expect(preset, model).toBeDefined();
  return preset.spec;
}

/** TFLOP of a training step of a decoder. */
function tflop(model: ModelSpec, tokens: number, length: number, attention: PairRule, topK = 2): number {
  const step = { sequences: tokens / length, length: both(length), expertsPerToken: both(topK), attention };
  return modelFlopsPerStep(model, step) / 1e12;
}

const both = (value: number): StepTokens['length'] => ({ encoder: value, decoder: value });

/** Matrices only: the rows leave norms and position biases out. */
function matrixParameters(model: ModelSpec): number {
  const { embedding, attention, denseFeedForward, experts, routers } = countParameters(model);
  return embedding + attention + denseFeedForward + experts + routers;
}

/** Forward FLOPs of a sequence without attention scores, router and logits. */
function projectionFlops(model: ModelSpec): number {
  const length = { encoder: 512, decoder: 114 };
  const forward = forwardFlops(model, { sequences: 1, length, expertsPerToken: both(1), attention: 'none' });
  const routers = switchLayersOf(model).reduce((sum, { stack }) => sum + 2 * length[stack] * model.dModel * (model.moe?.experts ?? 0), 0);
  return forward - routers - 2 * length[outputStack(model)] * model.dModel * model.vocab;
}

function closeTo(actual: number, expected: number, relative: number): void {
  expect(Math.abs(actual / expected - 1), `${actual} against ${expected}`).toBeLessThan(relative);
}

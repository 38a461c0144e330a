import { expect } from 'vitest';
import { countParameters, layersOf, MODEL_PRESETS, type ModelSpec, modelFlopsPerStep, switchLayersOf } from '../../../src/model/index.ts';
import type { Case, VectorFile } from '../case.ts';

interface SwitchRow {
  readonly model: string;
  readonly derived_params: number;
  readonly derived_fwd_flops_projections_512_114: number;
}
interface Vectors {
  readonly maxtext?: readonly { readonly model: string; readonly tokens_per_chip: number }[];
  readonly deepseek2_16b?: unknown;
  readonly switch?: readonly SwitchRow[];
  readonly known_exact?: Readonly<Record<string, unknown>>;
}

const LENGTH = { encoder: 512, decoder: 114 };

/** Parameters and FLOPs of the models that are presets; rows of other models wait for them. */
export function flopsParams({ maxtext = [], switch: rows = [], ...rest }: Vectors): VectorFile {
  const isPreset = ({ model }: SwitchRow): boolean => Object.hasOwn(MODEL_PRESETS, model.toLowerCase());
  const absent = [
    ...rows.filter((row) => !isPreset(row)).map(({ model }) => model),
    ...maxtext.map(({ model, tokens_per_chip }) => `${model}, ${tokens_per_chip} tokens per chip`),
    ...(rest.deepseek2_16b === undefined ? [] : ['deepseek2_16b']),
    ...Object.keys(rest.known_exact ?? {})
      .filter((key) => key !== 'note')
      .map((model) => `${model}, exact parameters`),
  ];
  return {
    cases: rows.filter(isPreset).flatMap((row): Case[] => [
      { name: `${row.model}: parameters`, run: () => expect(matrixParameters(presetOf(row))).toBe(row.derived_params) },
      {
        name: `${row.model}: forward FLOPs of the projections of one sequence, 512 and 114 tokens`,
        run: () => expect(projectionFlops(presetOf(row))).toBe(row.derived_fwd_flops_projections_512_114),
      },
    ]),
    waiting: absent.map((name) => `${name} (the model is not a preset)`),
  };
}

const presetOf = ({ model }: SwitchRow): ModelSpec => MODEL_PRESETS[model.toLowerCase()].spec;

/** Weight matrices only: the rows leave norms and position biases out. */
function matrixParameters(model: ModelSpec): number {
  const counts = countParameters(model);
  return counts.embedding + counts.attention + counts.denseFeedForward + counts.experts + counts.routers;
}

/** Forward FLOPs of a sequence without attention scores, router and logits. */
function projectionFlops(model: ModelSpec): number {
  const forward = modelFlopsPerStep(model, { sequences: 1, length: LENGTH, expertsPerToken: { encoder: 1, decoder: 1 } }) / 3;
  const inner = model.heads * model.headDim;
  const scores = layersOf(model).reduce((sum, { stack, crossAttention }) => {
    const keys = LENGTH[stack] + (crossAttention ? LENGTH.encoder : 0);
    return sum + 4 * LENGTH[stack] * keys * inner;
  }, 0);
  const routers = switchLayersOf(model).reduce((sum, { stack }) => sum + 2 * LENGTH[stack] * model.dModel * (model.moe?.experts ?? 0), 0);
  return forward - scores - routers - 2 * LENGTH.decoder * model.dModel * model.vocab;
}

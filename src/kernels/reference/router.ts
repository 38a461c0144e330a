import { Purpose } from '../../base/index.ts';
import { BF16, F32, type Numerics, type Reals } from '../numerics.ts';
import { expectElements, expectThat, expectWhole } from './check-shape.ts';
import { fillUniforms } from './keyed-uniform.ts';
import { linear, linearBackward } from './linear.ts';
import { softmax } from './softmax.ts';

/**
 * The router: what every token thinks of every expert.
 *
 * S tokens, D = dModel, E experts.
 *   x [S, D]   weight [D, E]   jittered [S, D]   logits, probabilities [S, E]   statistics [2, S] of the softmax   tokens [S]: global tokens
 *   jittered_sd = x_sd u_sd,  u_sd uniform in [1 - epsilon, 1 + epsilon) in training, else 1     logits = jittered weight
 *   probabilities = softmax(logits)
 *   dWeight += jittered^T dLogits     dx_sd += u_sd (dLogits weight^T)_sd     (dLogits also holds what came through `softmaxBackward`)
 *
 * Precision f32 in a bf16 model is selective precision (Fedus et al. 2021, arXiv:2101.03961, section 2.4): x is widened, the weight is f32, and only
 * dx is rounded on its way back. Precision bf16 rounds x, weight, u, logits, probabilities and gradients of activations. Jitter: one factor
 * for each element, by (seed, step, layer, global token, d) alone (tensorflow/mesh@da90793 mesh_tensorflow/transformer/moe.py _switch_gating,
 * policy "input_jitter": multiplies the router's inputs by uniform numbers of 1 +- 1e-2).
 */
export interface RouterShape {
  /** S */
  readonly tokens: number;
  /** D */
  readonly dModel: number;
  /** E */
  readonly experts: number;
}

export interface RouterOptions {
  readonly precision: 'f32' | 'bf16';
  readonly layer: number;
  /** [S]: the global token of each row. */
  readonly tokens: ArrayLike<number>;
  /** Null at evaluation. */
  readonly jitter: { readonly epsilon: number; readonly seed: number; readonly step: number } | null;
}

/** Published training value. */
export const JITTER_EPSILON = 1e-2;

export interface RouterInputs {
  readonly x: Reals;
  readonly weight: Reals;
}

export interface RouterScores {
  readonly jittered: Reals;
  readonly logits: Reals;
  readonly probabilities: Reals;
  readonly statistics: Reals;
}

export interface RouterGradients {
  readonly dx: Reals;
  readonly dWeight: Reals;
}

/** Scores of this shape, to be overwritten by `routerScores`. */
export function createRouterScores(numerics: Numerics, { tokens, dModel, experts }: RouterShape): RouterScores {
  const { zeros } = numerics;
  return {
    jittered: zeros(tokens * dModel),
    logits: zeros(tokens * experts),
    probabilities: zeros(tokens * experts),
    statistics: zeros(2 * tokens),
  };
}

/** Throws when a logit is not finite; see `expectFiniteLogits`. */
export function routerScores(
  numerics: Numerics,
  shape: RouterShape,
  options: RouterOptions,
  { x, weight }: RouterInputs,
  scores: RouterScores,
): void {
  checkRouter('routerScores', shape, options, { x, jittered: scores.jittered }, { weight });
  const { tokens, dModel, experts } = shape;
  const inner = routerNumerics(numerics, options);
  const { jittered, logits, probabilities, statistics } = scores;
  forEachJitter(inner, shape, options, (at, factor) => {
    jittered[at] = inner.store(inner.store(x[at]) * factor);
  });
  const product = { x: jittered, weight: weight.map(inner.store), bias: null };
  linear(inner, { rows: tokens, inputs: dModel, outputs: experts }, product, logits);
  expectFiniteLogits('routerScores', logits, experts, options);
  softmax(inner, { rows: tokens, columns: experts }, logits, probabilities, statistics);
}

export function routerScoresBackward(
  numerics: Numerics,
  shape: RouterShape,
  options: RouterOptions,
  { weight }: Pick<RouterInputs, 'weight'>,
  { jittered }: Pick<RouterScores, 'jittered'>,
  dLogits: Reals,
  { dx, dWeight }: RouterGradients,
): void {
  checkRouter('routerScoresBackward', shape, options, { jittered, dx }, { weight, dWeight });
  const { tokens, dModel, experts } = shape;
  const inner = routerNumerics(numerics, options);
  const dJittered = inner.zeros(tokens * dModel);
  const product = { x: jittered, weight: weight.map(inner.store) };
  const linearShape = { rows: tokens, inputs: dModel, outputs: experts };
  linearBackward(inner, linearShape, product, dLogits.map(inner.store), { dx: dJittered, dWeight, dBias: null });
  forEachJitter(inner, shape, options, (at, factor) => {
    dx[at] = numerics.store(dx[at] + inner.store(dJittered[at] * factor));
  });
}

/** The arithmetic of the router inside a layer of `numerics`; F64 is for checks of gradients and rounds nothing. */
export function routerNumerics(numerics: Numerics, { precision }: Pick<RouterOptions, 'precision'>): Numerics {
  if (numerics.name === 'f64') return numerics;
  return precision === 'bf16' ? BF16 : F32;
}

/**
 * Refuses logits [S, E] that are NaN or infinite by layer, token and expert. They would not stand out: an arg-max that compares with NaN keeps expert 0,
 * and a softmax over an infinite logit is NaN in the whole row.
 */
export function expectFiniteLogits(
  fn: string,
  logits: Reals,
  experts: number,
  { layer, tokens }: Pick<RouterOptions, 'layer' | 'tokens'>,
): void {
  const at = logits.findIndex((logit) => !Number.isFinite(logit));
  if (at < 0) return;
  const place = `logit at layer ${layer}, token ${tokens[Math.floor(at / experts)]}, expert ${at % experts}`;
  expectThat(false, fn, place, 'must be finite', logits[at]);
}

/** Calls back with every element's place and factor, row by row. */
function forEachJitter(
  { store }: Numerics,
  { tokens: rows, dModel }: RouterShape,
  { layer, tokens, jitter }: RouterOptions,
  take: (at: number, factor: number) => void,
): void {
  const uniforms = new Float64Array(dModel);
  for (let s = 0; s < rows; s++) {
    if (jitter !== null) fillUniforms(uniforms, { seed: jitter.seed, step: jitter.step, layer }, Purpose.jitter, tokens[s], 0);
    for (let d = 0; d < dModel; d++) take(s * dModel + d, jitter === null ? 1 : store(1 + jitter.epsilon * (2 * uniforms[d] - 1)));
  }
}

function checkRouter(
  fn: string,
  { tokens, dModel, experts }: RouterShape,
  options: RouterOptions,
  activations: Readonly<Record<string, Reals>>,
  weights: Readonly<Record<string, Reals>>,
): void {
  expectWhole(fn, 'tokens', tokens, 0);
  expectWhole(fn, 'dModel', dModel, 1);
  expectWhole(fn, 'experts', experts, 1);
  expectThat(options.tokens.length === tokens, fn, 'options.tokens', `must be one for each of ${tokens} tokens`, options.tokens.length);
  const epsilon = options.jitter?.epsilon ?? 0;
  expectThat(epsilon >= 0 && epsilon < 1, fn, 'jitter.epsilon', 'must be at least 0 and below 1', epsilon);
  for (const [name, tensor] of Object.entries(activations))
    expectElements(fn, name, tensor, tokens * dModel, `${tokens} tokens x ${dModel}`);
  for (const [name, tensor] of Object.entries(weights))
    expectElements(fn, name, tensor, dModel * experts, `${dModel} dModel x ${experts} experts`);
}

import { Purpose } from '../../base/index.ts';
import {
  bf16Bits,
  bf16Value,
  forwards,
  type GemmCall,
  type Matrix,
  matrixOf,
  type Phase,
  roundToBf16,
  rowsOf,
  STORE,
  together,
  towardsInput,
  towardsWeights,
} from '../../kernels/index.ts';
import { f32Elements, type TensorView } from '../../model/index.ts';
import { createRouter } from '../../routing/index.ts';
import { everywhere, onEachCore, type Pod } from './open-pod.ts';
import { feedForwardUnit, type ParameterName } from './parameters.ts';
import type { CorePlan, SwitchSubLayer } from './plan.ts';
import { type RandomFactors, rowOf, timesFactors } from './random-factors.ts';
import { hasGatesOfDomains } from './request.ts';
import { roundForRouter } from './router-precision.ts';
import { overTokens, product } from './rows.ts';
import { gatherStream, wholeOf } from './stream-parts.ts';
import { switchScratch } from './switch-routing.ts';
import { clear, heldOf } from './weights.ts';

/** Whether the router of a pod has scores: one that learns nothing reads none, and its weights stay as they are. */
export function hasScores({ plan }: Pod): boolean {
  const { router, options } = plan.request.routing;
  return createRouter(router, options).learned;
}

/** logits = normed router in f32, and their softmax, group by group; where the router has noise, noise logits = normed noise. */
export function scores(pod: Pod, layer: number): Phase[] {
  if (!hasScores(pod)) return [];
  const { table, plan, buffer } = pod;
  const { groupTokens } = plan.request.routing;
  const phase = overTokens(pod, 'router', (core, first, count, lane) => {
    const { normed, logits, probabilities, statistics } = sublayerOf(core, layer);
    const tokens = routedOf(core, normed);
    jitter(pod, core, layer, { first, count });
    for (const one of productsOf(pod, core, layer, { first, count })) {
      const [left, target] = [tokens, one.logits].map((view) => matrixOf(rowsOf(view, one.first, one.count)));
      table.gemm({ ...forwards(left, one.weights), target, epilogue: STORE }, plan.lanes[lane]);
      roundForRouter(plan, f32Elements(buffer, rowsOf(one.logits, one.first, one.count)));
    }
    const own: TensorView = { ...plan.laneStatistics[lane], shape: [2, count] };
    table.softmax(rowsOf(logits, first, count), 0, rowsOf(probabilities, first, count), own);
    roundForRouter(plan, f32Elements(buffer, rowsOf(probabilities, first, count)));
    const values = f32Elements(buffer, own);
    const all = f32Elements(buffer, statistics);
    for (let row = 0; row < count; row++) {
      const group = Math.floor((first + row) / groupTokens);
      const place = group * groupTokens + first + row;
      all[place] = values[row];
      all[place + groupTokens] = values[count + row];
    }
  });
  return [phase];
}

/** What the gradient of the router's weights reads. */
export function gatherRouted(pod: Pod, layer: number): Phase[] {
  return hasScores(pod) ? gatherStream(pod, (core) => sublayerOf(core, layer).normed) : [];
}

/** Gradients of the router's weights. Which tokens are of which domain is known when the step runs: one item of a core sees to all gates. */
export function dRouter(pod: Pod, layer: number): Phase[] {
  if (!hasScores(pod)) return [];
  const { table, plan } = pod;
  const callsOf = (core: CorePlan): GemmCall[] => {
    const tokens = routedOf(core, sublayerOf(core, layer).normed);
    return productsOf(pod, core, layer, { first: 0, count: core.tokens }).map(({ first, count, dLogits, gradient }) =>
      towardsWeights(matrixOf(rowsOf(tokens, first, count)), matrixOf(rowsOf(dLogits, first, count)), gradient),
    );
  };
  if (!hasGatesOfDomains(plan.request))
    return [everywhere(pod, (core) => together(...callsOf(core).map((call) => product(pod, core, 'dRouter', 'weights', [call]))))];
  const phase = onEachCore(pod, 'dRouter', (core, lane) => {
    for (const call of callsOf(core)) table.gemm(call, plan.lanes[lane]);
  });
  return [phase];
}

/** target += what comes through the logits of these tokens. */
export function addThroughRouter(pod: Pod, core: CorePlan, layer: number, rows: TokenRows, target: TensorView, lane: number): void {
  if (!hasScores(pod)) return;
  const { table, plan } = pod;
  const { routed } = switchScratch(core);
  // The gradient of what the router reads takes the place of that: the gradients of its weights are done.
  const sum = routed === null ? target : rowsOf(routed, rows.first, rows.count);
  if (routed !== null) clear(pod, sum);
  for (const { first, count, dLogits, weights } of productsOf(pod, core, layer, rows)) {
    const left = matrixOf(rowsOf(dLogits, first, count));
    const to = matrixOf(rowsOf(sum, first - rows.first, count));
    table.gemm({ ...towardsInput(left, weights), target: to, epilogue: { kind: 'add' } }, plan.lanes[lane]);
  }
  if (routed === null) return;
  roundForRouter(plan, f32Elements(pod.buffer, sum));
  timesJitter(pod, core, layer, rows);
  addTo(pod.buffer, sum, target);
}

/** What the router reads of a normed stream. */
function routedOf(core: CorePlan, normed: TensorView): TensorView {
  return switchScratch(core).routed ?? wholeOf(core, normed);
}

/** routed = normed jitter, as f32 numbers (Fedus et al. 2021, arXiv 2101.03961, appendix C; tensorflow/mesh mesh_tensorflow/transformer/moe.py, policy `input_jitter`). */
function jitter(pod: Pod, core: CorePlan, layer: number, rows: TokenRows): void {
  const { routed } = switchScratch(core);
  if (routed === null) return;
  const normed = rowsOf(wholeOf(core, sublayerOf(core, layer).normed), rows.first, rows.count);
  const target = rowsOf(routed, rows.first, rows.count);
  clear(pod, target);
  addTo(pod.buffer, normed, target);
  timesJitter(pod, core, layer, rows);
}

function timesJitter({ plan, number, buffer }: Pod, core: CorePlan, layer: number, { first, count }: TokenRows): void {
  const { routed } = switchScratch(core);
  const { seed, jitter: most, routing } = plan.request;
  if (routed === null || most === 0 || !number.learns) return;
  const round = routing.dtype === 'bf16' ? roundToBf16 : Math.fround;
  const key = { seed, purpose: Purpose.jitter, step: number.step, layer };
  const factors: RandomFactors = { key, factorOf: (uniform) => round(1 + most * (2 * uniform - 1)) };
  for (let token = first; token < first + count; token++) timesFactors(factors, core.firstToken + token, rowOf(buffer, routed, token));
  roundForRouter(plan, f32Elements(buffer, rowsOf(routed, first, count)));
}

/** What the gradient of the router's weights reads, made again. */
export function jitterAgain(pod: Pod, layer: number): Phase[] {
  if (!hasScores(pod) || pod.active[0].scratch.ofSwitch?.routed === null) return [];
  return [overTokens(pod, 'jitter', (core, first, count) => jitter(pod, core, layer, { first, count }))];
}

/** target += source. */
function addTo(buffer: ArrayBufferLike, source: TensorView, target: TensorView): void {
  for (let row = 0; row < target.shape[0]; row++) {
    const [from, to] = [source, target].map((view) => rowOf(buffer, view, row));
    const value = (i: number): number => (from instanceof Float32Array ? from[i] : bf16Value(from[i]));
    if (to instanceof Float32Array) for (let i = 0; i < to.length; i++) to[i] += value(i);
    else for (let i = 0; i < to.length; i++) to[i] = bf16Bits(Math.fround(bf16Value(to[i]) + value(i)));
  }
}

interface TokenRows {
  readonly first: number;
  readonly count: number;
}

/** Some tokens of a core with weights of the router: f32 logits [T, E] and their gradients, weights [D, E] and their gradients. */
interface RouterProduct extends TokenRows {
  readonly logits: TensorView;
  readonly dLogits: TensorView;
  readonly weights: Matrix;
  readonly gradient: Matrix;
}

function productsOf(pod: Pod, core: CorePlan, layer: number, rows: TokenRows): RouterProduct[] {
  const { logits, noiseLogits } = sublayerOf(core, layer);
  const { dLogits, dNoiseLogits } = switchScratch(core);
  const { dModel } = pod.plan.request.model;
  const matrices = (name: ParameterName, index = 0): Pick<RouterProduct, 'weights' | 'gradient'> => {
    const { working, gradient } = heldOf(pod, core, feedForwardUnit(layer), name);
    const [weights, ofWeights] = [working, gradient].map((view) => matrixOf(rowsOf(view, index * dModel, dModel)));
    return { weights, gradient: ofWeights };
  };
  const ofGates = runsOfDomains(pod, core, rows).map(({ domain, ...run }) => ({
    ...{ ...run, logits, dLogits },
    ...(domain === 0 ? matrices('router') : matrices('gates', domain - 1)),
  }));
  if (noiseLogits === null || dNoiseLogits === null) return ofGates;
  return [...ofGates, { ...rows, logits: noiseLogits, dLogits: dNoiseLogits, ...matrices('noise') }];
}

/** Tokens of one gate that follow each other. */
function runsOfDomains({ plan, buffer }: Pod, core: CorePlan, { first, count }: TokenRows): (TokenRows & { readonly domain: number })[] {
  if (core.domains === null || !hasGatesOfDomains(plan.request)) return [{ first, count, domain: 0 }];
  const domains = new Int32Array(buffer, core.domains, core.tokens);
  const runs: { first: number; count: number; domain: number }[] = [];
  for (let token = first; token < first + count; token++) {
    const run = runs.at(-1);
    if (run?.domain === domains[token]) run.count++;
    else runs.push({ first: token, count: 1, domain: domains[token] });
  }
  return runs;
}

function sublayerOf({ sublayers }: CorePlan, layer: number): SwitchSubLayer {
  return sublayers[2 * layer + 1] as SwitchSubLayer;
}

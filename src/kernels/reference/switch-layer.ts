import { type Numerics, type Reals, selectivePrecision } from '../numerics.ts';
import type { AssignmentRows, DispatchShape } from './assignment-rows.ts';
import { expectElements } from './check-shape.ts';
import type { BatchLayout, DispatchForm } from './dispatch.ts';
import type { ExpertDropoutOptions } from './expert-dropout.ts';
import {
  createExpertActivations,
  type ExpertActivations,
  type ExpertInputs,
  type ExpertShape,
  type ExpertWeights,
  expertFeedForward,
  expertFeedForwardBackward,
} from './expert-feed-forward.ts';
import { createRouterScores, type RouterOptions, type RouterScores, routerScores, routerScoresBackward } from './router.ts';
import { routerZLossOf, routerZLossOfBackward } from './router-losses.ts';
import { type AssignmentFunction, switchTop1Assignment } from './top1-assignment.ts';

/**
 * A complete Switch feed-forward layer for one routing group, without norm and residual, which stand around it.
 *
 * S tokens, D = dModel, F = dExpert, E experts, C slots; A rows of the assignment, B rows of all batches (E C, or the kept rows when sorted).
 *   x, y, dx, dy [S, D]   router [D, E]   gate, in [E, D, F]   out [E, F, D]   batch, batchOut [B, D]
 *   scores = router(x)        rows = assign(scores)          batch = dispatch(x, rows)
 *   batchOut_e = expert_e(batch_e)                           y = combine(batchOut, rows); 0 for a dropped token
 *   loss = what y leads to + auxiliaryCoefficient auxiliary loss + zCoefficient z-loss
 *
 *   dBatchOut, dWeight = combine backward(dy)                dBatch, dIn, dOut, dGate = expert backward, expert by expert
 *   dx += dispatch backward(dBatch)                          dLogits = assignment backward(dWeight, auxiliary loss) + z-loss backward
 *   dRouter, dx += router backward(dLogits)
 * Source: Fedus et al. 2021, arXiv:2101.03961, sections 2.1, 2.2 and appendix F; z-loss from Zoph et al. 2022, arXiv:2202.08906, equation 5.
 */
export interface SwitchLayerShape extends DispatchShape {
  /** F */
  readonly dExpert: number;
  readonly activation: ExpertShape['activation'];
}

export interface SwitchLayerOptions {
  readonly router: RouterOptions;
  readonly dispatch: DispatchForm;
  /** Null for Switch top-1. */
  readonly assignment: AssignmentFunction | null;
  /** 1e-2 in Switch Transformers. */
  readonly auxiliaryCoefficient: number;
  /** 1e-3 in ST-MoE, 0 in Switch Transformers. */
  readonly zCoefficient: number;
  readonly expertDropout: ExpertDropoutOptions | null;
}

export interface SwitchLayerInputs {
  readonly x: Reals;
  readonly router: Reals;
  /** [E, D, F] and [E, F, D]; gate is null for relu. */
  readonly experts: ExpertWeights;
}

/** What a forward pass found out and its backward pass needs. Sizes depend on who is kept, so the layer makes it. */
export interface SwitchLayerRun {
  readonly scores: RouterScores;
  readonly rows: AssignmentRows;
  readonly layout: BatchLayout;
  readonly batch: Reals;
  /** One for each expert. */
  readonly activations: readonly ExpertActivations[];
  readonly batchOut: Reals;
  /** Both scaled by their coefficients. */
  readonly auxiliaryLoss: number;
  readonly zLoss: number;
}

export interface SwitchLayerGradients {
  readonly dx: Reals;
  readonly dRouter: Reals;
  readonly dGate: Reals | null;
  readonly dIn: Reals;
  readonly dOut: Reals;
}

export function switchLayer(
  numerics: Numerics,
  shape: SwitchLayerShape,
  options: SwitchLayerOptions,
  inputs: SwitchLayerInputs,
  y: Reals,
): SwitchLayerRun {
  const { dModel, experts } = shape;
  const { dispatch, auxiliaryCoefficient, zCoefficient } = options;
  const { zeros } = numerics;
  const losses = selectivePrecision(numerics);
  const assignment = options.assignment ?? switchTop1Assignment(numerics, shape);
  const scores = createRouterScores(numerics, shape);
  checkExperts('switchLayer', shape, { gate: inputs.experts.gate, in: inputs.experts.in, out: inputs.experts.out });
  routerScores(numerics, shape, options.router, { x: inputs.x, weight: inputs.router }, scores);
  const rows = assignment.assign(scores);
  const layout = dispatch.layout(shape, rows);
  const batch = zeros(layout.rowAt.length * dModel);
  dispatch.dispatch(numerics, shape, rows, inputs.x, batch);
  const batchOut = zeros(batch.length);
  const activations: ExpertActivations[] = [];
  for (let e = 0; e < experts; e++) {
    const own = expertCall(shape, options, { experts: inputs.experts, rows, layout, batch }, e);
    activations.push(createExpertActivations(numerics, own.shape));
    expertFeedForward(numerics, own.shape, own.inputs, activations[e], own.ofBatch(batchOut));
  }
  dispatch.combine(numerics, shape, rows, batchOut, y);
  const auxiliaryLoss = losses.round(auxiliaryCoefficient * assignment.auxiliaryLoss(scores, rows));
  // The square of a huge logit may be infinite, and nothing times that is NaN.
  const zLoss = zCoefficient === 0 ? 0 : losses.round(zCoefficient * routerZLossOf(losses, shape, scores.statistics));
  return { scores, rows, layout, batch, activations, batchOut, auxiliaryLoss, zLoss };
}

export function switchLayerBackward(
  numerics: Numerics,
  shape: SwitchLayerShape,
  options: SwitchLayerOptions,
  inputs: SwitchLayerInputs,
  run: SwitchLayerRun,
  dy: Reals,
  { dx, dRouter, dGate, dIn, dOut }: SwitchLayerGradients,
): void {
  const { tokens, dModel, experts, dExpert } = shape;
  const { dispatch, auxiliaryCoefficient, zCoefficient } = options;
  const { scores, rows, batch, batchOut } = run;
  const { zeros } = numerics;
  checkExperts('switchLayerBackward', shape, { dGate, dIn, dOut });
  const dBatchOut = zeros(batchOut.length);
  const dWeight = zeros(rows.token.length);
  dispatch.combineBackward(numerics, shape, rows, batchOut, dy, { dOut: dBatchOut, dWeight });
  const dBatch = zeros(batch.length);
  for (let e = 0; e < experts; e++) {
    const own = expertCall(shape, options, { experts: inputs.experts, rows, layout: run.layout, batch }, e);
    const ofExpert = (tensor: Reals): Reals => tensor.subarray(e * dModel * dExpert, (e + 1) * dModel * dExpert);
    const gradients = { dx: own.ofBatch(dBatch), dGate: dGate && ofExpert(dGate), dIn: ofExpert(dIn), dOut: ofExpert(dOut) };
    expertFeedForwardBackward(numerics, own.shape, own.inputs, run.activations[e], own.ofBatch(dBatchOut), gradients);
  }
  dispatch.dispatchBackward(numerics, shape, rows, dBatch, dx);

  const losses = selectivePrecision(numerics);
  const assignment = options.assignment ?? switchTop1Assignment(numerics, shape);
  const dLogits = losses.zeros(tokens * experts);
  assignment.backward(scores, rows, { weight: dWeight, auxiliaryLoss: auxiliaryCoefficient, logits: dLogits });
  if (zCoefficient !== 0) routerZLossOfBackward(losses, shape, scores, zCoefficient, dLogits);
  routerScoresBackward(numerics, shape, options.router, { weight: inputs.router }, scores, dLogits, { dx, dWeight: dRouter });
}

interface Batches {
  readonly experts: ExpertWeights;
  readonly rows: AssignmentRows;
  readonly layout: BatchLayout;
  readonly batch: Reals;
}

/** Expert e's part of everything. */
function expertCall({ dModel, dExpert, activation }: SwitchLayerShape, options: SwitchLayerOptions, batches: Batches, e: number) {
  const { experts, rows, layout, batch } = batches;
  const [from, to] = [layout.first[e], layout.first[e + 1]];
  const ofBatch = (tensor: Reals): Reals => tensor.subarray(from * dModel, to * dModel);
  const ofWeights = (tensor: Reals): Reals => tensor.subarray(e * dModel * dExpert, (e + 1) * dModel * dExpert);
  const globalTokens = options.router.tokens;
  const tokens = Array.from(layout.rowAt.subarray(from, to), (row) => (row === -1 ? -1 : globalTokens[rows.token[row]]));
  const shape: ExpertShape = { rows: to - from, dModel, dExpert, activation };
  const inputs: ExpertInputs = {
    x: ofBatch(batch),
    weights: { gate: experts.gate && ofWeights(experts.gate), in: ofWeights(experts.in), out: ofWeights(experts.out) },
    dropout: options.expertDropout && { ...options.expertDropout, expert: e, tokens },
  };
  return { shape, inputs, ofBatch };
}

function checkExperts(fn: string, { dModel, dExpert, experts }: SwitchLayerShape, tensors: Readonly<Record<string, Reals | null>>): void {
  for (const [name, tensor] of Object.entries(tensors))
    if (tensor !== null)
      expectElements(fn, name, tensor, experts * dModel * dExpert, `${experts} experts x dModel ${dModel} x dExpert ${dExpert}`);
}

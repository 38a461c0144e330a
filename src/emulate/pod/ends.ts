import { assert, exp, log } from '../../base/index.ts';
import {
  bf16Value,
  forwards,
  type GemmCall,
  listFrom,
  matrixOf,
  type Phase,
  roundArrayToBf16,
  rowsOf,
  STORE,
  together,
  towardsInput,
  towardsWeights,
} from '../../kernels/index.ts';
import { axisSize } from '../../layout/index.ts';
import { bf16Elements, f32Elements, type TensorView } from '../../model/index.ts';
import { streamParts } from './cores.ts';
import { dropTokens, embeddingNumber } from './dropout.ts';
import { partBounds, reducedInParts } from './exchange.ts';
import { everywhere, onEachCore, type Pod } from './open-pod.ts';
import { EMBEDDING, outputUnit } from './parameters.ts';
import type { CorePlan, OutputPlan } from './plan.ts';
import { norm, normBackward, overPart, overTokens, product, streamGradient } from './rows.ts';
import { gatherStream, sumStream, wholeOf } from './stream-parts.ts';
import { clearGradients, gatherWeights, heldOf, scatterGradients } from './weights.ts';

/** Rows of the table, whose words the tensor axis cuts, and of the table of positions. */
export function embeddingForward(pod: Pod): Phase[] {
  const { table, plan } = pod;
  // All rows have no room in a part of the stream.
  const isCut = streamParts(plan.request.layout) > 1;
  const rowsFound = ({ stream, scratch }: CorePlan): TensorView => (isCut ? scratch.partial : stream[0]);
  return [
    ...gatherWeights(pod, EMBEDDING),
    overTokens(pod, 'embedding', (core, first, count) => {
      const { working } = heldOf(pod, core, EMBEDDING, 'table');
      table.gatherRows(working, listFrom(core.ids, first), rowsOf(rowsFound(core), first, count));
    }),
    ...sumStream(pod, rowsFound, ({ stream }) => stream[0]),
    ...(hasPositions(pod)
      ? [
          overPart(pod, 'positions', (core, first, count) => {
            const { working } = heldOf(pod, core, EMBEDDING, 'positions');
            const places = listFrom(core.places, core.firstOfPart + first);
            table.combineRows(working, plan.identity, places, null, rowsOf(core.stream[0], first, count), true);
          }),
        ]
      : []),
    ...dropEmbedding(pod, ({ stream }) => stream[0]),
  ];
}

/** Masks the embedding, or its gradient. */
function dropEmbedding(pod: Pod, partOfStream: (core: CorePlan) => TensorView): Phase[] {
  if (pod.plan.request.dropout === 0) return [];
  const phase = overPart(pod, 'dropout of the embedding', (core, first, count) => {
    dropTokens(pod, core, embeddingNumber(pod), rowsOf(partOfStream(core), first, count), first);
  });
  return [phase];
}

export function embeddingBackward(pod: Pod): Phase[] {
  const clearing = stagesOf(pod) > 1 ? clearGradients(pod, EMBEDDING) : [];
  const dPart = (core: CorePlan): TensorView => streamGradient(core, 0);
  const rows = onEachCore(pod, 'gradient of the embedding', (core) => {
    const dRows = wholeOf(core, dPart(core));
    const { gradient } = heldOf(pod, core, EMBEDDING, 'table');
    if (pod.tensor.size === 1) pod.table.scatterAddRows(dRows, core.ids, gradient);
    else addRowsFound(pod, dRows, new Int32Array(pod.buffer, core.ids, core.tokens), gradient);
    if (hasPositions(pod)) pod.table.scatterAddRows(dRows, core.places, heldOf(pod, core, EMBEDDING, 'positions').gradient);
  });
  return [...clearing, ...dropEmbedding(pod, dPart), ...gatherStream(pod, dPart), rows, ...scatterGradients(pod, EMBEDDING)];
}

function hasPositions({ plan }: Pod): boolean {
  return plan.request.model.positions.kind === 'learned';
}

/** What `scatterAddRows` does, without the words of other members of the tensor axis (-1). */
function addRowsFound({ buffer }: Pod, source: TensorView, rows: Int32Array, target: TensorView): void {
  const columns = target.shape[1];
  const sums = f32Elements(buffer, target);
  const isWide = source.dtype === 'f32';
  const values = isWide ? f32Elements(buffer, source) : bf16Elements(buffer, source);
  for (let t = 0; t < rows.length; t++) {
    if (rows[t] < 0) continue;
    const to = rows[t] * columns;
    const from = t * columns;
    for (let d = 0; d < columns; d++) sums[to + d] += isWide ? values[from + d] : bf16Value(values[from + d]);
  }
}

/**
 * norm | logits | softmax over the words of a core | maxima and sums over all | loss and gradient of the logits: cross-entropy over a vocabulary that the tensor axis cuts
 * (Shoeybi et al. 2019, arXiv 1909.08053, section 3), without gathering the logits.
 */
export function outputForward(pod: Pod): Phase[] {
  const { table, plan, buffer } = pod;
  const unit = outputUnit(plan.request.model);
  const at = plan.layers.length * 2;
  return [
    ...gatherOutput(pod, unit, true),
    norm(pod, EMBEDDING, at, outputOf),
    ...gatherStream(pod, normedOf),
    everywhere(pod, (core) => {
      const { logits } = outputOf(core);
      const words = matrixOf(heldOf(pod, core, unit, 'table').working);
      const call: GemmCall = {
        ...forwards(matrixOf(wholeOf(core, normedOf(core))), words),
        transposeRight: unit === EMBEDDING,
        target: matrixOf(logits),
        epilogue: STORE,
      };
      return product(pod, core, 'logits', 'rows', [call]);
    }),
    overTokens(pod, 'softmax of words', (core, first, count, lane) => {
      const { logits, probabilities, statistics, wholeStatistics } = outputOf(core);
      const own: TensorView = { ...plan.laneStatistics[lane], shape: [2, count] };
      table.softmax(rowsOf(logits, first, count), 0, rowsOf(probabilities, first, count), own);
      const values = f32Elements(buffer, own);
      for (const view of [statistics, wholeStatistics]) {
        const all = f32Elements(buffer, view);
        all.set(values.subarray(0, count), first);
        all.set(values.subarray(count), all.length / 2 + first);
      }
    }),
    ...mergeStatistics(pod),
    overTokens(pod, 'loss', (core, first, count) => lossOfTokens(pod, core, first, count)),
  ];
}

/** Maxima and sums of all words, in parts of the tokens. */
function mergeStatistics(pod: Pod): Phase[] {
  const { tensor, buffer } = pod;
  if (tensor.size === 1) return [];
  interface Part {
    readonly all: Float32Array;
    readonly from: number;
    readonly to: number;
    readonly shape: readonly number[];
    readonly dtype: 'f32';
  }
  const partOf = (core: CorePlan, index: number): Part => {
    const all = f32Elements(buffer, outputOf(core).wholeStatistics);
    const [from, to] = partBounds(all.length / 2, tensor.size, index);
    return { all, from, to, shape: [2, to - from], dtype: 'f32' };
  };
  const reduce = (parts: readonly Part[], own: Part): void => {
    for (let t = own.from; t < own.to; t++) {
      const tokens = own.all.length / 2;
      const maximum = parts.reduce((most, { all }) => Math.max(most, all[t]), Number.NEGATIVE_INFINITY);
      const sum = parts.reduce(
        (total, { all }) => Math.fround(total + Math.fround(all[tokens + t] * Math.fround(exp(all[t] - maximum)))),
        0,
      );
      own.all[t] = maximum;
      own.all[tokens + t] = sum;
    }
  };
  const send = (from: Part, to: Part): void => {
    const half = from.all.length / 2;
    to.all.set(from.all.subarray(from.from, from.to), from.from);
    to.all.set(from.all.subarray(half + from.from, half + from.to), half + from.from);
  };
  return reducedInParts(pod, tensor, partOf, reduce, send);
}

/**
 * loss = log sum - logit of the target; d logits = (softmax - 1 at the target) / tokens of the whole batch. With a teacher a share s of the 1 is spread as its probabilities
 * q: d logits = (softmax - (1 - s) at the target - s q) / tokens (Switch Transformers, arXiv 2101.03961v3, section 4.2, where s is 0.25); the loss stays that of the target.
 */
function lossOfTokens({ plan, buffer }: Pod, core: CorePlan, first: number, count: number): void {
  const fround = Math.fround;
  const { sequences, sequenceLength } = plan.request;
  const { logits, probabilities, statistics, wholeStatistics, losses, dLogits, softTargets } = outputOf(core);
  const softShare = softTargets === null ? 0 : (plan.request.softShare ?? 0);
  const soft = softTargets === null ? new Float32Array(0) : f32Elements(buffer, softTargets);
  const [tokens, words] = logits.shape;
  const scale = Math.fround(1 / (sequences * sequenceLength));
  const targets = new Int32Array(buffer, core.targets, tokens);
  const [own, whole, loss] = [statistics, wholeStatistics, losses].map((view) => f32Elements(buffer, view));
  const values = f32Elements(buffer, logits);
  const softmax = f32Elements(buffer, probabilities);
  const gradient = dLogits.dtype === 'f32' ? f32Elements(buffer, dLogits) : softmax;
  for (let t = first; t < first + count; t++) {
    const target = targets[t];
    const row = t * words;
    loss[t] = target < 0 ? 0 : Math.fround(Math.fround(whole[t] + Math.fround(log(whole[tokens + t]))) - values[row + target]);
    const part = Math.fround(Math.fround(own[tokens + t] * Math.fround(exp(own[t] - whole[t]))) / whole[tokens + t]);
    for (let word = row; word < row + words; word++) gradient[word] = fround(fround(softmax[word] * part) * scale);
    if (target >= 0) gradient[row + target] -= (1 - softShare) * scale;
    for (let word = row; softShare > 0 && word < row + words; word++) gradient[word] -= softShare * scale * soft[word];
  }
  if (dLogits.dtype === 'f32') return;
  roundArrayToBf16(f32Elements(buffer, rowsOf(probabilities, first, count)), bf16Elements(buffer, rowsOf(dLogits, first, count)));
}

/** The words, and before the first use what the last stage of a pipeline has of the norm: with one stage that has come with the embedding. */
function gatherOutput(pod: Pod, unit: number, isFirst: boolean): Phase[] {
  const gain = isFirst && stagesOf(pod) > 1 ? gatherWeights(pod, EMBEDDING, ['gain']) : [];
  return [...gain, ...(unit === EMBEDDING ? gatherWeights(pod, unit, ['table']) : gatherWeights(pod, unit))];
}

function stagesOf({ plan }: Pod): number {
  return axisSize(plan.request.layout, 'pipeline');
}

function outputOf({ core, output }: CorePlan): OutputPlan {
  assert(output !== null, `core ${core} is not of the last stage`);
  return output;
}

function normedOf(core: CorePlan): TensorView {
  return outputOf(core).normed;
}

/** dNormed, gradient of the words | sum | d stream, gain */
export function outputBackward(pod: Pod): Phase[] {
  const { plan } = pod;
  const unit = outputUnit(plan.request.model);
  const isTied = unit === EMBEDDING;
  return [
    ...gatherOutput(pod, unit, false),
    ...clearGradients(pod, EMBEDDING),
    ...(isTied ? [] : clearGradients(pod, unit)),
    ...gatherStream(pod, normedOf),
    everywhere(pod, (core) => {
      const { working, gradient } = heldOf(pod, core, unit, 'table');
      const dLogits = matrixOf(outputOf(core).dLogits);
      const normed = matrixOf(wholeOf(core, normedOf(core)));
      const target = matrixOf(core.scratch.dNormed);
      const towards = isTied ? forwards(dLogits, matrixOf(working)) : towardsInput(dLogits, matrixOf(working));
      const ofWords = isTied ? towardsWeights(dLogits, normed, matrixOf(gradient)) : towardsWeights(normed, dLogits, matrixOf(gradient));
      return together(
        product(pod, core, 'dNormed', 'rows', [{ ...towards, target, epilogue: STORE }]),
        product(pod, core, 'gradient of words', 'weights', [ofWords]),
      );
    }),
    ...sumStream(pod, ({ scratch }) => scratch.dNormed),
    normBackward(pod, EMBEDDING, plan.layers.length * 2, outputOf, false),
    ...(isTied ? [] : scatterGradients(pod, unit)),
    // What the last stage has of the embedding; where there is one stage, the embedding's own backward pass comes first.
    ...(stagesOf(pod) > 1 ? scatterGradients(pod, EMBEDDING) : []),
  ];
}

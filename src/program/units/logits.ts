import { remember } from '../../base/index.ts';
import { type ModelSpec, outputStack, outputWeights } from '../../model/index.ts';
import { type Sizes, tokensOf } from '../sizes.ts';
import { type ComputeStep, compute, type Step, type Tensor, type Unit, type WeightGroup } from '../unit.ts';
import { embeddingGroup, wordsOf } from './embedding.ts';
import { collective, gatherOfStream, type Sum, segmentOf, segmentOfReader, sumOfStream, TENSOR, tensor, wholeName } from './sub-layer.ts';

/**
 * Logits, softmax and cross-entropy over the vocabulary through HBM, in f32 or in the type of the activations; the loss is computed in f32 either way.
 * Where logits and their gradients have the same type, an element-wise operation makes one of the other in its place. T tokens per device of the last
 * stack, V words of the device, d dModel.
 * A tied output matrix is the embedding's, which owns its weights and their gradient. Where nothing is learned, a prefill and a decoding step
 * have one token of each sequence and choose the next word, and a teacher's probabilities are kept.
 */
const PART = 'logits and loss';
const LOSS_OPS = 10;
/** A teacher's probability times the logarithm of the student's. */
const DISTILLATION_OPS = 3;
/** The logits are read for the maximum, the sum and the chosen logit. */
const LOSS_PASSES = 3;
/** Maximum and sum of a token, f32. */
const SUM_BYTES = 8;
const LOGITS = 'logits';
const SUMS = 'sums of words';
const LOGIT_GRADIENTS = 'd logits';
/** [T, V] of the teacher, in activations. */
export const TEACHER_PROBABILITIES = 'teacher probabilities';

export function logitsUnit(sizes: Sizes): Unit {
  const { model, distils } = sizes;
  const tokens = tokensOf(sizes, outputStack(model));
  // The last token of a sequence stands on one member of the context axis, and the step waits for that one.
  const T = sizes.answer === 'next token' ? sizes.sequences : tokens;
  const { own, tied } = outputGroups(model);
  const group = (own[0] ?? tied[0]).name;
  const gather = gatherOfStream(sizes, 'fw', 'x', T * model.dModel, 1);
  const sum = sumOfStream(sizes, 'agrad', 'input gradient', 'd x', T * model.dModel, 1);
  return {
    name: PART,
    kind: PART,
    tensors: [...tensorsOf(sizes, T, tokens, sum.tensors), ...gather.tensors],
    input: 'x',
    output: null,
    forward: [...gather.steps, logits(sizes, T, group), ...answer(sizes, T)],
    backward: sizes.learns ? backward(sizes, T, group, sum) : [],
    weights: own,
    tied,
    resident: distils ? [TEACHER_PROBABILITIES] : [],
    loop: null,
    recomputable: false,
    readsEncoder: false,
  };
}

/** The output matrix: one of its own, or the table of the embedding. */
const outputGroups = remember((model: ModelSpec): Record<'own' | 'tied', readonly WeightGroup[]> => {
  const matrices = outputWeights(model);
  if (matrices.length > 0) return { own: [{ name: 'output', matrices }], tied: [] };
  const { name, matrices: all } = embeddingGroup(model);
  return { own: [], tied: [{ name, matrices: all.slice(0, 1) }] };
});

function logits(sizes: Sizes, T: number, group: string): ComputeStep {
  const { activationBytes: a, weightBytes: w, logitBytes, model } = sizes;
  const d = model.dModel;
  const V = wordsOf(sizes);
  const work = { matmuls: [{ m: T, k: d, n: V, batch: 1 }], hbmBytes: a * T * d + w * d * V + logitBytes * T * V };
  return compute('fw', PART, 'logits', {
    work,
    reads: [wholeName(sizes, 'x')],
    makes: [LOGITS],
    uses: [group],
    segment: segmentOfReader(sizes, 1),
  });
}

function answer(sizes: Sizes, T: number): Step[] {
  const { activationBytes: a, logitBytes, distils } = sizes;
  const elements = T * wordsOf(sizes);
  if (sizes.answer === 'next token') {
    const work = { vectorOps: elements, hbmBytes: logitBytes * elements };
    return [compute('fw', PART, 'next token', { work, reads: [LOGITS], makes: [SUMS] }), ...sums(sizes, T)];
  }
  if (sizes.answer === 'probabilities') {
    const work = { vectorOps: LOSS_OPS * elements, hbmBytes: (LOSS_PASSES * logitBytes + a) * elements };
    return [...sums(sizes, T), compute('fw', PART, 'probabilities', { work, reads: [LOGITS, ...sumNames(sizes)], makes: [PROBABILITIES] })];
  }
  const work = {
    vectorOps: (LOSS_OPS + (distils ? DISTILLATION_OPS : 0)) * elements,
    hbmBytes: (LOSS_PASSES * logitBytes + (distils ? a : 0)) * elements,
  };
  const reads = distils ? [LOGITS, TEACHER_PROBABILITIES] : [LOGITS];
  return [compute('fw', PART, 'cross-entropy', { work, reads, makes: [SUMS] }), ...sums(sizes, T)];
}

const PROBABILITIES = 'probabilities';
const WHOLE_SUMS = 'whole sums of words';

function sums(sizes: Sizes, T: number): Step[] {
  if (sizes.tensor === 1) return [];
  const reads = sizes.answer === 'probabilities' ? [LOGITS] : [SUMS];
  const links = { collective: 'all-reduce', group: TENSOR, bytes: SUM_BYTES * T, reads, makes: [WHOLE_SUMS] } as const;
  return [collective('fw', 'sums all-reduce', { part: 'tensor all-reduce', ...links })];
}

function sumNames({ tensor: members }: Sizes): string[] {
  return members === 1 ? [] : [WHOLE_SUMS];
}

function backward(sizes: Sizes, T: number, group: string, sum: Sum): Step[] {
  const { activationBytes: a, weightBytes: w, logitBytes, model, distils } = sizes;
  const d = model.dModel;
  const V = wordsOf(sizes);
  const taught = distils ? [TEACHER_PROBABILITIES] : [];
  const gradients = logitGradients(sizes);
  return [
    compute('agrad', PART, 'cross-entropy', {
      work: { vectorOps: (LOSS_OPS + taught.length) * T * V, hbmBytes: (logitBytes + a * (1 + taught.length)) * T * V },
      reads: [LOGITS, ...sumNames(sizes), ...taught],
      makes: [gradients],
    }),
    compute('agrad', PART, 'logits', {
      work: { matmuls: [{ m: T, k: V, n: d, batch: 1 }], hbmBytes: a * (T * V + T * d) + w * d * V },
      reads: [gradients],
      makes: [sum.partial],
      uses: [group],
      segment: segmentOf(sizes, 1),
    }),
    ...sum.steps,
    compute('wgrad', PART, 'logits', {
      work: { matmuls: [{ m: d, k: T, n: V, batch: 1 }], hbmBytes: a * (T * d + T * V + d * V) },
      reads: [wholeName(sizes, 'x'), gradients],
      gradients: [group],
    }),
  ];
}

function tensorsOf(sizes: Sizes, T: number, tokens: number, partial: readonly Tensor[]): Tensor[] {
  const { activationBytes: a, logitBytes, model, distils } = sizes;
  const elements = T * wordsOf(sizes);
  const x = (a * tokens * model.dModel) / sizes.activationShards;
  const isTeacher = sizes.answer === 'probabilities';
  return [
    tensor('x', 'block inputs', x),
    tensor(LOGITS, 'logits', logitBytes * elements),
    ...(isTeacher ? [tensor(PROBABILITIES, TEACHER_PROBABILITIES, a * elements)] : [tensor(SUMS, 'logits', 0)]),
    ...(sizes.tensor > 1 ? [tensor(WHOLE_SUMS, 'logits', SUM_BYTES * T)] : []),
    ...(distils ? [tensor(TEACHER_PROBABILITIES, TEACHER_PROBABILITIES, a * elements)] : []),
    ...(sizes.learns
      ? [
          ...(logitGradients(sizes) === LOGITS ? [] : [tensor(LOGIT_GRADIENTS, 'logit gradients', a * elements)]),
          tensor('d x', 'activation gradients', x),
          ...partial,
        ]
      : []),
  ];
}

/** Gradients are activations; of the same type they take the place of the logits. */
function logitGradients({ logitBytes, activationBytes }: Sizes): string {
  return logitBytes === activationBytes ? LOGITS : LOGIT_GRADIENTS;
}

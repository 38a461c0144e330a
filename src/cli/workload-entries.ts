import { type PrecisionSpec, WORKLOAD_KINDS, type WorkloadKind } from '../scenario/index.ts';
import type { Entry } from './catalogue.ts';

type NumberType = Exclude<PrecisionSpec['matmul'] | PrecisionSpec['quantized'], 'none'>;

const WORKLOAD_WORDS: Readonly<Record<WorkloadKind, readonly [title: string, law: string]>> = {
  train: ['forward, backward, update', 'Gradients of all microbatches are summed before weights change once.'],
  'fine-tune': ['training without auxiliary loss', 'Router losses are left out; workload.expertDropout drops hidden units of experts.'],
  distil: ['a training step behind the forward pass of a teacher', 'workload.teacher names the teacher, whose outputs are learned.'],
  evaluate: ['forward and loss', 'No gradients, no optimizer state, nothing kept for a backward pass.'],
  prefill: ['forward over prompts', 'Keys and values of all layers stay in caches; logits of the last token alone are made.'],
  decode: [
    'one token of every sequence',
    'workload.sequenceLength tokens (behind an encoder, targetLength) are in the caches when the step begins; those that windows leave are read.',
  ],
};

/** What a step does. */
export function workloadEntries(): Entry[] {
  return WORKLOAD_KINDS.map((name) => ({
    name,
    title: `workload: ${WORKLOAD_WORDS[name][0]}`,
    facts: [
      ['scenario key', name === 'distil' ? 'workload: {kind: distil, teacher: switch-base}' : `workload: {kind: ${name}}`],
      ['law', WORKLOAD_WORDS[name][1]],
    ],
  }));
}

const TYPE_WORDS: Readonly<Record<NumberType, readonly [title: string, key: string]>> = {
  bf16: ['two bytes: 8 bits of exponent, 7 of fraction', 'precision: {matmul: bf16}, and weights, router, gradients'],
  f32: ['four bytes; products run in one pass of bf16', 'precision: {weights: f32}, and matmul, router, gradients'],
  int8: ['one byte, operands of products alone', 'precision: {quantized: int8, quantizedPasses: [fw, agrad, wgrad]}'],
  fp8: ['one byte, operands of products alone', 'precision: {quantized: fp8, quantizedPasses: [fw, agrad, wgrad]}'],
};

/** Types of numbers. */
export function numberTypeEntries(): Entry[] {
  return Object.entries(TYPE_WORDS).map(([name, [title, key]]) => ({
    name,
    title: `number type: ${title}`,
    facts: [['scenario key', key]],
  }));
}

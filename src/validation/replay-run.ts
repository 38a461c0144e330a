import { type LayoutSpec, MESH_AXES } from '../layout/index.ts';
import type { Dtype, ModelSpec } from '../model/index.ts';
import { MODELLED, type PrecisionSpec, resolveMesh, softwareDefaults, type WorkloadSpec } from '../scenario/index.ts';
import { filled, type Notes, needed, translated } from './notes.ts';
import type { PublishedRecord, RecordBatch, RecordLayout } from './record.ts';

/** Generations whose runs had no fused attention unless the source says so. */
const DOT_ATTENTION = ['tpu-v2', 'tpu-v3', 'tpu-v4'];

const SEQUENCE_LENGTH = 1024;

/** `fp32` products run in bf16 on the matrix unit; what is kept and sent has four bytes, which is what a type means here. */
const DTYPES: Readonly<Record<string, Dtype>> = { bf16: 'bf16', f32: 'f32', fp32: 'f32' };
/** Words beside the optimizer that mean the optimizer itself. */
const PLAIN_OPTIMIZERS = ['adam', 'adam_pax'];

/** Mesh axes and what is laid on them. Gradients are reduced behind the backward pass where collectives were asynchronous. */
export function replayLayout(record: PublishedRecord, layout: RecordLayout, devices: number, notes: Notes): LayoutSpec {
  if (layout.ici === null) notes.reasons.push('the layout was not published');
  for (const [axis, size] of Object.entries(layout.ici ?? {})) {
    if (size !== 1 && !MODELLED.axes.some((modelled) => modelled === axis))
      notes.reasons.push(`layout axis ${axis} ${size} is not modelled`);
  }
  for (const [axis, size] of Object.entries(layout.dcn ?? {})) {
    if (size !== 1) notes.reasons.push(`layout axis ${axis} ${size} over the data centre network is not modelled`);
  }
  const over = layout.expertsShardedOver ?? 'none';
  if (!MODELLED.expertsOver.includes(over)) notes.reasons.push(`experts over the axis ${over} are not modelled`);
  const sizes = Object.fromEntries(MESH_AXES.flatMap((axis) => (layout.ici?.[axis] === undefined ? [] : [[axis, layout.ici[axis]]])));
  const asynchronous = softwareDefaults(record.topology.chip ?? '').overlapGradients;
  return {
    ici: resolveMesh(sizes, devices).ici,
    expertsOver: over === 'data' ? 'data' : 'none',
    overlapGradients: filled(notes, 'overlapFlags', record.overlapFlags, asynchronous),
  };
}

export interface ReplayedBatch {
  readonly sequences: number;
  readonly sequenceLength: number;
  readonly targetLength: number;
  /** Tokens of the replay over tokens as printed; 1 for a batch of known sequences. */
  readonly tokensScale: number;
}

/** A batch that is printed in tokens, and so rounded, becomes the nearest number of sequences that divides over the data axis. */
export function replayBatch(batch: RecordBatch, family: ModelSpec['family'], dataAxis: number, notes: Notes): ReplayedBatch {
  const sequenceLength = filled(notes, 'sequenceLength', batch.sequenceLength, SEQUENCE_LENGTH);
  // A decoder alone has no targets of their own, so that nothing stands in for anything.
  const targetLength = family === 'decoder' ? sequenceLength : filled(notes, 'targetLength', batch.targetLength, sequenceLength);
  if (batch.sequences !== null) return { sequences: batch.sequences, sequenceLength, targetLength, tokensScale: 1 };
  const tokens = needed(notes, 'batch', batch.tokensPerStep);
  const sequences = Math.max(1, Math.round(tokens / sequenceLength / dataAxis)) * dataAxis;
  const tokensScale = (sequences * sequenceLength) / tokens;
  notes.fills.push(
    `sequences were not published: ${sequences} of ${sequenceLength} tokens, for ${tokens} tokens; the simulated step is divided by ${tokensScale.toFixed(3)}`,
  );
  return { sequences, sequenceLength, targetLength, tokensScale };
}

export function replayPrecision({ precision, model }: PublishedRecord, notes: Notes): PrecisionSpec {
  const matmul = filled(notes, 'precision.matmul', precision.matmul, 'bf16');
  const weights = filled(notes, 'precision.weights', precision.weights, 'f32');
  // A dense model has no router whose type could matter.
  const router = model?.moe ? filled(notes, 'precision.router', precision.router, matmul) : 'f32';
  return {
    matmul: translated(notes, 'precision.matmul', matmul, DTYPES) ?? 'bf16',
    weights: translated(notes, 'precision.weights', weights, DTYPES) ?? 'f32',
    router: translated(notes, 'precision.router', router, DTYPES) ?? 'f32',
  };
}

/** Everything of the workload but rematerialisation, which needs the whole scenario. */
export function replayOptimizer(record: PublishedRecord, notes: Notes): WorkloadSpec['optimizer'] {
  const optimizer = filled(notes, 'optimizer', record.optimizer, 'adamw');
  const detail = record.optimizerDetail ?? null;
  if (detail !== null && !PLAIN_OPTIMIZERS.includes(detail)) notes.reasons.push(`optimizer detail "${detail}" is not modelled`);
  return translated(notes, 'optimizer', optimizer, { adafactor: 'adafactor', adamw: 'adamw', sgd: 'sgd' } as const) ?? 'adamw';
}

/** The step materialises scores and probabilities; kernels that keep them on the chip are not modelled. */
export function checkAttentionKernel({ attentionKernel, topology }: PublishedRecord, notes: Notes): void {
  const usual = DOT_ATTENTION.includes(topology.chip ?? '') ? 'dot' : 'splash';
  const kernel = filled(notes, 'attentionKernel', attentionKernel, usual);
  if (kernel !== 'dot') notes.reasons.push(`fused attention (${kernel}) is not modelled`);
}

/** What no record says: the custom of the chip's time. */
export function replayEmbedding({ topology }: PublishedRecord): WorkloadSpec['embedding'] {
  return softwareDefaults(topology.chip ?? '').embedding;
}

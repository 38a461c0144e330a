import { type OptimizerName, REMAT_POLICIES, REMAT_TENSORS, type RematPlace, type RematSpec } from '../layout/index.ts';
import type { Dtype } from '../model/index.ts';
import { type PrecisionSpec, SCENARIO_DEFAULTS, softwareDefaults, type WorkloadSpec } from '../scenario/index.ts';
import { filled, type Notes, translated } from './notes.ts';
import type { PublishedRecord } from './record.ts';

/** `fp32` products run in bf16 on the matrix unit; what is kept and sent has four bytes, which is what a type means here. */
const DTYPES: Readonly<Record<string, Dtype>> = { bf16: 'bf16', f32: 'f32', fp32: 'f32' };
/** Operands of eight bits: everything that is no product stays in bf16. */
const EIGHT_BITS: Readonly<Record<string, 'int8' | 'fp8'>> = { int8: 'int8', fp8: 'fp8' };
const KERNELS = { dot: 'dot', flash: 'flash', splash: 'flash' } as const;
const OPTIMIZERS = { adafactor: 'adafactor', adamw: 'adamw', adam: 'adamw', sgd: 'sgd' } as const;

const PLACES: readonly unknown[] = ['device', 'offload', 'remat'] satisfies RematPlace[];

/** What optimizer details say of the run. */
type OptimizerRun = Pick<WorkloadSpec, 'optimizer' | 'firstMoment'> & { readonly gradients: Dtype | null };

/** What the words beside the optimizer change, by the word. */
const OPTIMIZER_DETAILS: Readonly<Record<string, Partial<OptimizerRun>>> = {
  adam: {},
  adam_pax: {},
  adamw: {},
  'first moment bf16': { firstMoment: 'bf16' },
  'first moment f32': { firstMoment: 'f32' },
  'gradients bf16': { gradients: 'bf16' },
  'gradients f32': { gradients: 'f32' },
  'adafactor without factoring': { optimizer: 'adafactor-unfactored' },
};

export function replayOptimizer(record: PublishedRecord, notes: Notes): OptimizerRun {
  // A pass without updates has no optimizer to fill in.
  const stated = record.kind === 'train_step' ? filled(notes, 'optimizer', record.optimizer, 'adamw') : (record.optimizer ?? 'adamw');
  const optimizer: OptimizerName = translated(notes, 'optimizer', stated, OPTIMIZERS) ?? 'adamw';
  const words = (record.optimizerDetail ?? '').split(',').map((word) => word.trim());
  let run: OptimizerRun = { optimizer, firstMoment: SCENARIO_DEFAULTS.workload.firstMoment, gradients: null };
  for (const word of words.filter((one) => one !== '')) {
    const key = word.toLowerCase();
    if (Object.hasOwn(OPTIMIZER_DETAILS, key)) run = { ...run, ...OPTIMIZER_DETAILS[key] };
    else notes.leftOut.push(`optimizer detail "${word}"`);
  }
  return run;
}

/** Gradients have the type of the products unless the optimizer's details say otherwise. */
export function replayPrecision({ precision, model }: PublishedRecord, gradients: Dtype | null, notes: Notes): PrecisionSpec {
  const stated = filled(notes, 'precision.matmul', precision.matmul, 'bf16');
  const quantized = Object.hasOwn(EIGHT_BITS, stated) ? EIGHT_BITS[stated] : 'none';
  const matmul = quantized === 'none' ? (translated(notes, 'precision.matmul', stated, DTYPES) ?? 'bf16') : 'bf16';
  // A dense model has no router whose type could matter.
  const router = model?.moe ? filled(notes, 'precision.router', precision.router, matmul) : 'f32';
  return {
    matmul,
    weights: replayWeights(filled(notes, 'precision.weights', precision.weights, 'f32'), notes),
    router: translated(notes, 'precision.router', router, DTYPES) ?? 'f32',
    gradients: gradients ?? matmul,
    ...(precision.logits ? { logits: translated(notes, 'precision.logits', precision.logits, DTYPES) ?? 'f32' } : {}),
    quantized,
    quantizedPasses: SCENARIO_DEFAULTS.precision.quantizedPasses,
  };
}

/** Weights of eight bits are kept in two bytes here, and said to be. */
function replayWeights(weights: string, notes: Notes): Dtype {
  if (!Object.hasOwn(EIGHT_BITS, weights)) return translated(notes, 'precision.weights', weights, DTYPES) ?? 'f32';
  notes.leftOut.push(`precision.weights ${weights}: bf16`);
  return 'bf16';
}

/** Kernels that keep scores on the chip are alike here. */
export function replayKernel({ attentionKernel }: PublishedRecord, chip: string, notes: Notes): WorkloadSpec['attentionKernel'] {
  const usual = softwareDefaults(chip).attentionKernel === 'dot' ? 'dot' : 'splash';
  return translated(notes, 'attention kernel', filled(notes, 'attentionKernel', attentionKernel, usual), KERNELS) ?? 'dot';
}

/** Policy, places by tensor, and layers that are checkpointed together (`layers`); null where the source is silent. */
export function replayRemat({ remat, rematDetail }: PublishedRecord, notes: Notes): RematSpec | null {
  if (remat === null) return null;
  if (!Object.hasOwn(REMAT_POLICIES, remat)) notes.reasons.push(`rematerialisation ${remat} is not modelled`);
  const places = Object.entries(rematDetail ?? {}).filter((entry): entry is [string, RematPlace] => PLACES.includes(entry[1]));
  const known = new Set<string>(REMAT_TENSORS);
  for (const [tensor, place] of places) if (!known.has(tensor)) notes.leftOut.push(`remat ${tensor} ${place}`);
  const tensors = Object.fromEntries(places.filter(([tensor]) => known.has(tensor)));
  const layers = rematDetail?.layers ?? null;
  if (layers === null) return { policy: remat, tensors };
  if (typeof layers === 'number' && Number.isInteger(layers) && layers > 0) return { policy: remat, tensors, layers };
  notes.reasons.push(`rematDetail.layers ${JSON.stringify(layers)}: must be a whole number of layers`);
  return { policy: remat, tensors };
}

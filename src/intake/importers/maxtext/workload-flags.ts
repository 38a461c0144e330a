import { type OptimizerName, REMAT_POLICIES, REMAT_TENSORS, type RematPlace, type RematSpec } from '../../../layout/index.ts';
import type { Dtype, ModelSpec } from '../../../model/index.ts';
import { type PrecisionSpec, QUANTIZED_PASSES } from '../../../scenario/index.ts';
import { type ConfigReader, wordOf } from '../config-reader.ts';

/** What flags say of a step, in the keys of a scenario. */
export interface FlagWorkload {
  readonly kind: 'train';
  /** `per_device_batch_size` times `gradient_accumulation_steps`: of a step, for one device. */
  readonly sequencesPerDevice: number;
  /** Of a step, over all devices; undefined where their number is not known. */
  readonly sequences: number | undefined;
  readonly sequenceLength: number;
  readonly optimizer: OptimizerName;
  readonly firstMoment: Dtype;
  readonly remat: RematSpec;
  readonly embedding: 'one-hot' | 'gather';
  readonly layers: 'loop' | 'unrolled';
  readonly attentionKernel: 'dot' | 'flash';
}

const DTYPES: Readonly<Record<string, Dtype>> = { bfloat16: 'bf16', float32: 'f32' };

export function readWorkloadFlags(flags: ConfigReader, devices: number | null, model: ModelSpec): FlagWorkload {
  const perDevice = flags.decimal('per_device_batch_size', { or: 12 });
  const accumulated = flags.whole('gradient_accumulation_steps', { or: 1, most: 4096 });
  if (!(perDevice > 0))
    flags.wrong('per_device_batch_size', 'must be above 0', 'write how many sequences a device has; below 1 they are shared');
  const inFlight = devices === null ? null : perDevice * devices;
  if (inFlight !== null && !Number.isInteger(inFlight)) {
    flags.wrong('per_device_batch_size', `times ${devices} devices must be whole, and is ${inFlight}`, 'choose a size that divides');
  }
  const weightType = wordOf(flags, 'weight_dtype', DTYPES, { or: 'float32' });
  return {
    kind: 'train',
    sequencesPerDevice: perDevice * accumulated,
    sequences: inFlight === null ? undefined : inFlight * accumulated,
    sequenceLength: flags.whole('max_target_length', { or: 2048, most: 2 ** 20 }),
    optimizer: readOptimizer(flags),
    firstMoment: flags.holds('mu_dtype', [null, '']) ? weightType : wordOf(flags, 'mu_dtype', DTYPES, {}),
    remat: inTurns(readRemat(flags), flags, model),
    embedding: flags.flag('use_iota_embed', { or: false }) ? 'one-hot' : 'gather',
    layers: flags.flag('scan_layers', { or: true }) ? 'loop' : 'unrolled',
    attentionKernel: readKernel(flags),
  };
}

export function readPrecisionFlags(flags: ConfigReader): PrecisionSpec {
  const matmul = wordOf(flags, 'dtype', DTYPES, { or: 'bfloat16' });
  return {
    matmul,
    weights: wordOf(flags, 'weight_dtype', DTYPES, { or: 'float32' }),
    router: flags.flag('float32_gate_logits', { or: false }) ? 'f32' : matmul,
    gradients: wordOf(flags, 'grad_dtype', DTYPES, { or: 'float32' }),
    // The cast of cast_logits_to_fp32 follows the product, and runs with the loss.
    logits: flags.flag('logits_dot_in_fp32', { or: false }) ? 'f32' : matmul,
    quantized: readQuantized(flags),
    quantizedPasses: QUANTIZED_PASSES,
  };
}

/** Muon has products of its own that are not modelled. */
function readOptimizer(flags: ConfigReader): OptimizerName {
  const words: Readonly<Record<string, OptimizerName>> = { adamw: 'adamw', adam_pax: 'adamw', sgd: 'sgd' };
  return wordOf(flags, 'opt_type', words, { or: 'adamw' });
}

/** All three passes: forward, gradients of activations and of weights (quantizations.py). */
function readQuantized(flags: ConfigReader): PrecisionSpec['quantized'] {
  const words = { '': 'none', int8: 'int8', fp8: 'fp8', fp8_full: 'fp8' } as const;
  return wordOf<PrecisionSpec['quantized']>(flags, 'quantization', words, { or: '' });
}

/** Below 128 tokens `autoselected` takes the kernel with whole scores (attention_op.py). */
function readKernel(flags: ConfigReader): 'dot' | 'flash' {
  const isShort = flags.whole('max_target_length', { or: 2048, most: 2 ** 20 }) < 128;
  const words = { autoselected: isShort ? 'dot' : 'flash', flash: 'flash', dot_product: 'dot' } as const;
  return wordOf<'dot' | 'flash'>(flags, 'attention', words, { or: 'autoselected' });
}

/** Tensors that MaxText places and that are made here only as a part of others. */
const OTHER_TENSORS = ['kv_proj', 'query_wa_proj', 'kv_wa_proj', 'mla_q', 'mla_kv', 'attention_out', 'engram', 'indexer_cutoff_threshold'];

const PLACES: Readonly<Record<string, RematPlace>> = { remat: 'remat', device: 'device', offload: 'offload' };

/**
 * What a turn of the scan over layers has is one checkpoint: the layers of a cycle, or those from one that sees all to the next (layers/decoders.py,
 * `get_decoder_layers` and `set_remat_policy`).
 */
function inTurns(remat: RematSpec, flags: ConfigReader, { window }: ModelSpec): RematSpec {
  const layers = Math.max(flags.whole('inhomogeneous_layer_cycle_interval', { or: 1, most: 1024 }), window?.globalEvery ?? 1);
  return layers === 1 || !flags.flag('scan_layers', { or: true }) ? remat : { ...remat, layers };
}

function readRemat(flags: ConfigReader): RematSpec {
  const policies = Object.fromEntries(Object.keys(REMAT_POLICIES).map((name) => [name, name]));
  const policy = wordOf(flags, 'remat_policy', { ...policies, minimal_flash: 'minimal_with_context' }, { or: 'full' });
  const stated = [...REMAT_TENSORS, ...OTHER_TENSORS].filter((name) => flags.states(name) && !flags.holds(name, [null]));
  if (policy !== 'custom') {
    // base.yml writes all of them out.
    const moved = stated.filter((name) => !flags.holds(name, [name === 'decoder_layer_input' ? 'device' : 'remat']));
    for (const name of moved) flags.remark(name, 'is read with remat_policy custom alone', 'set remat_policy=custom, or leave it out');
    return { policy, tensors: {} };
  }
  for (const name of stated.filter((other) => OTHER_TENSORS.includes(other) && !flags.holds(other, ['remat']))) {
    flags.remark(
      name,
      'no tensor of that name is made here: it is made again with the others',
      'nothing: memory and time of it are not counted apart',
    );
  }
  const placed = stated.filter((name) => !OTHER_TENSORS.includes(name));
  return { policy, tensors: Object.fromEntries(placed.map((name) => [name, wordOf(flags, name, PLACES, {})])) };
}

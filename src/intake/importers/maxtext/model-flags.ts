import { defineModel, type MlaSpec, type ModelSpec, type MoeInput } from '../../../model/index.ts';
import { type ConfigReader, wordOf } from '../config-reader.ts';
import { DECODER_BLOCKS, type DecoderBlock } from './decoder-blocks.ts';

/** Powers of two by which `global_parameter_scale` multiplies dimensions. */
interface Scales {
  readonly embedding: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly layers: number;
}

/** The model that flags describe; where one is absent, the value of base.yml@000b810b counts. */
export function readModelFlags(flags: ConfigReader, name: string): ModelSpec {
  const blockName = flags.text('decoder_block', { or: 'llama2' });
  const block = wordOf(flags, 'decoder_block', DECODER_BLOCKS, { or: 'llama2' });
  const scales = readScales(flags);
  const dModel = scales.embedding * flags.whole('base_emb_dim', { or: 2048 });
  const heads = scales.heads * flags.whole('base_num_query_heads', { or: 16 });
  const kvHeads = scales.heads * flags.whole('base_num_kv_heads', { or: 16 });
  if (heads % kvHeads !== 0) {
    flags.wrong('base_num_kv_heads', `must divide the ${heads} heads of queries`, 'correct one of the two', ['base_num_query_heads']);
  }
  const dFf = scales.feedForward * flags.whole('base_mlp_dim', { or: 7168 });
  const mla = readLatent(flags, blockName);
  checkLayerVocabulary(flags);
  const positions = flags.whole('trainable_position_size', { or: -1, least: -1 });
  return defineModel({
    name,
    family: 'decoder',
    decoderLayers: scales.layers * flags.whole('base_num_decoder_layers', { or: 16, most: 1024 }) * (block.layersPerBlock ?? 1),
    dModel,
    dFf,
    heads,
    kvHeads: mla === null ? kvHeads : heads,
    headDim: mla === null ? flags.whole('head_dim', { or: 128 }) : mla.qkNopeHeadDim + mla.qkRopeHeadDim,
    mla,
    vocab: flags.whole('vocab_size', { or: 32000 }),
    ...readActivations(flags),
    tiedEmbeddings: flags.flag('logits_via_embedding', { or: false }),
    positions: positions > 0 ? { kind: 'learned', count: positions } : { kind: blockName === 'gpt3' ? 'none' : 'rotary', count: 0 },
    attentionBias: flags.flag('attention_bias', { or: false }),
    ffnBias: flags.flag('mlp_bias', { or: false }),
    kvSharedLastLayers: flags.whole('num_kv_shared_layers', { or: 0, least: 0 }),
    doubleWideFfnInSharedLayers: flags.flag('use_double_wide_mlp', { or: false }),
    perLayerEmbeddingDim: flags.whole('hidden_size_per_layer_input', { or: 0, least: 0 }),
    ...block.parts?.(flags),
    moe: readExperts(flags, { dFf, scale: scales.feedForward, block }),
  });
}

/** Embeddings of layers have the vocabulary of the model here. */
function checkLayerVocabulary(flags: ConfigReader): void {
  const ofLayers = flags.whole('vocab_size_per_layer_input', { or: 0, least: 0 });
  const isThere = flags.whole('hidden_size_per_layer_input', { or: 0, least: 0 }) > 0;
  if (!isThere || ofLayers === 0 || ofLayers === flags.whole('vocab_size', { or: 32000 })) return;
  flags.refuse(
    'vocab_size_per_layer_input',
    'not modelled: layers with a vocabulary of their own',
    'write the value of vocab_size',
    'E_FLAG',
  );
}

/** Doublings go in turn to heads and feed-forward layers, to the embedding, and to layers (types.py, get_individual_scales). */
function readScales(flags: ConfigReader): Scales {
  const scale = flags.whole('global_parameter_scale', { or: 1 });
  const doublings = 31 - Math.clz32(scale);
  if (2 ** doublings !== scale) {
    flags.wrong('global_parameter_scale', 'must be a power of 2', `use ${2 ** doublings}, or the base_* flags for other sizes`);
  }
  const rounds = Math.floor(doublings / 3);
  const rest = doublings % 3;
  const heads = 2 ** (rounds + (rest > 0 ? 1 : 0));
  return { embedding: 2 ** (rounds + (rest > 1 ? 1 : 0)), heads, feedForward: heads, layers: 2 ** rounds };
}

/** `mla` with DeepSeek's block and nowhere else; any other kind of attention follows from the block. */
function readLatent(flags: ConfigReader, block: string): MlaSpec | null {
  const type = flags.text('attention_type', { or: 'global' });
  if (type === 'global' && block !== 'deepseek') return null;
  if (type !== 'mla' || block !== 'deepseek') {
    const rule =
      block === 'deepseek' ? 'decoder_block deepseek has latent attention' : `decoder_block ${block} has its own kinds of attention`;
    flags.refuse('attention_type', rule, `use ${block === 'deepseek' ? 'mla' : 'global'}`, 'E_FLAG');
  }
  return {
    qLoraRank: flags.whole('q_lora_rank', { or: 0, least: 0 }),
    kvLoraRank: flags.whole('kv_lora_rank', { or: 512 }),
    qkNopeHeadDim: flags.whole('qk_nope_head_dim', { or: 128 }),
    qkRopeHeadDim: flags.whole('qk_rope_head_dim', { or: 64 }),
    vHeadDim: flags.whole('v_head_dim', { or: 128 }),
  };
}

/** gpt-oss calls its clamped SiLU `sigmoid`. */
const ACTIVATIONS: Readonly<Record<string, ModelSpec['activation']>> = { silu: 'silu', gelu: 'gelu', relu: 'relu', sigmoid: 'silu' };

/** One activation: in and out; two, the second linear: gate, in and out. */
function readActivations(flags: ConfigReader): Pick<ModelSpec, 'ffnMatrices' | 'activation'> {
  const list = flags.list('mlp_activations', 'string') ?? ['silu', 'linear'];
  const [first = '', second, ...more] = list;
  if (!Object.hasOwn(ACTIVATIONS, first) || (second !== undefined && second !== 'linear') || more.length > 0) {
    flags.refuse('mlp_activations', 'must be [silu], [gelu] or [relu], or one of them with linear', 'write e.g. [silu, linear]', 'E_ENUM');
  }
  return { ffnMatrices: second === undefined ? 2 : 3, activation: ACTIVATIONS[first] ?? 'silu' };
}

function readExperts(
  flags: ConfigReader,
  { dFf, scale, block }: { readonly dFf: number; readonly scale: number; readonly block: DecoderBlock },
): MoeInput | null {
  const experts = flags.whole('num_experts', { or: 1 });
  if (experts === 1) return null;
  const stated = flags.holds('base_moe_mlp_dim', [null, -1]) ? null : flags.whole('base_moe_mlp_dim');
  if (stated === null) flags.remark('base_moe_mlp_dim', `experts are taken as wide as dense layers, ${dFf}`, 'add base_moe_mlp_dim');
  const dExpert = stated === null ? dFf : stated * scale;
  return {
    experts,
    dExpert,
    layersEvery: flags.whole('interleave_moe_layer_step', { or: 1 }),
    firstDenseLayers: flags.whole('first_num_dense_layers', { or: 0, least: 0 }),
    sharedExperts: flags.whole('shared_experts', { or: 0, least: 0 }),
    sharedDim: flags.whole('shared_experts', { or: 0, least: 0 }) === 0 ? 0 : block.sharedIsDense === true ? dFf : dExpert,
    routerBias: flags.flag('routed_bias', { or: false }),
  };
}

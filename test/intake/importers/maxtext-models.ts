/** Model files of AI-Hypercomputer/maxtext (src/maxtext/configs/models): the flags that say what a model is, as the file has them. */
export interface MaxTextModel {
  readonly source: string;
  /** The preset with the same dimensions. */
  readonly preset?: string;
  readonly text: string;
}

export const MAXTEXT_MODELS: Readonly<Record<string, MaxTextModel>> = {
  'llama3.1-70b': {
    source: 'llama3.1-70b.yml@6aa8b844',
    preset: 'llama3.1-70b',
    text: `
base_emb_dim: 8192
base_num_query_heads: 64
base_num_kv_heads: 8
base_num_decoder_layers: 80
base_mlp_dim: 28672
head_dim: 128
mlp_activations: ["silu","linear"]
vocab_size: 128256
enable_dropout: false
logits_via_embedding: false
normalization_layer_epsilon: 1.0e-5
rope_max_timescale: 500_000
decoder_block: "llama2" # Uses the same decoder block as llama2
`,
  },
  'mistral-7b': {
    source: 'mistral-7b.yml@3e7d8b8b',
    preset: 'mistral-7b',
    text: `
base_emb_dim: 4096
base_num_query_heads: 32
base_num_kv_heads: 8
base_mlp_dim: 14336
base_num_decoder_layers: 32
head_dim: 128
mlp_activations: ["silu","linear"]
vocab_size: 32000
rope_max_timescale: 1_000_000
decoder_block: "mistral"
`,
  },
  'mixtral-8x7b': {
    source: 'mixtral-8x7b.yml@807d0114',
    preset: 'mixtral-8x7b',
    text: `
base_emb_dim: 4096
base_num_query_heads: 32
base_num_kv_heads: 8
base_mlp_dim: 14336
base_moe_mlp_dim: 14336
base_num_decoder_layers: 32
head_dim: 128
mlp_activations: ["silu","linear"]
vocab_size: 32000
enable_dropout: False
logits_via_embedding: False
num_experts: 8
num_experts_per_tok: 2
rope_max_timescale: 1_000_000
decoder_block: "mixtral"
`,
  },
  'deepseek3-671b': {
    source: 'deepseek3-671b.yml@5505348a',
    preset: 'deepseek-v3',
    text: `
base_emb_dim: 7168
base_num_query_heads: 128
base_num_kv_heads: 128
base_mlp_dim: 18432
base_moe_mlp_dim: 2048
base_num_decoder_layers: 61
first_num_dense_layers: 3
mlp_activations: ["silu","linear"]
vocab_size: 129280
num_experts: 256
num_experts_per_tok: 8
shared_experts: 1
routed_scaling_factor: 2.5
routed_score_func: "sigmoid"
routed_bias: true
decoder_block: "deepseek"
attention_type: "mla"
q_lora_rank: 1536
kv_lora_rank: 512
qk_nope_head_dim: 128
qk_rope_head_dim: 64
v_head_dim: 128
mscale: 1.0
rope_type: "yarn"
`,
  },
  'deepseek2-16b': {
    source: 'deepseek2-16b.yml@6aa8b844',
    preset: 'deepseek-v2-lite',
    text: `
base_emb_dim: 2048
base_num_query_heads: 16
base_num_kv_heads: 16
base_mlp_dim: 10944
base_moe_mlp_dim: 1408
base_num_decoder_layers: 27
first_num_dense_layers: 1
mlp_activations: ["silu","linear"]
vocab_size: 102400
num_experts: 64
num_experts_per_tok: 6
shared_experts: 2
routed_scaling_factor: 1.0
routed_score_func: "softmax"
routed_bias: false
decoder_block: "deepseek"
attention_type: "mla"
q_lora_rank: 0
kv_lora_rank: 512
qk_nope_head_dim: 128
qk_rope_head_dim: 64
v_head_dim: 128
`,
  },
  'gemma3-12b': {
    source: 'gemma3-12b.yml@5505348a',
    preset: 'gemma3-12b',
    text: `
base_num_decoder_layers: 48
base_emb_dim: 3840
base_num_query_heads: 16
base_num_kv_heads: 8
base_mlp_dim: 15360
head_dim: 256
mlp_activations: ["gelu","linear"]
vocab_size: 262_144
decoder_block: "gemma3"
normalization_layer_epsilon: 1e-6
logits_via_embedding: true
sliding_window_size: 1024
use_post_attn_norm: true
use_post_ffw_norm: true
vision_encoder_block: "gemma3"
image_size_for_vit: 896
num_hidden_layers_for_vit: 27
image_placeholder: <start_of_image>
`,
  },
  'gpt-oss-120b': {
    source: 'gpt-oss-120b.yml@153e5fe1',
    preset: 'gpt-oss-120b',
    text: `
base_emb_dim: 2880
base_num_query_heads: 64
base_num_kv_heads: 8
head_dim: 64
sliding_window_size: 128
attention_bias: true
attention_sink: true
base_mlp_dim: 2880
base_moe_mlp_dim: 2880
mlp_activations: ["sigmoid","linear"]
mlp_activations_limit: 7.0
routed_bias: true
mlp_bias: true
num_experts: 128
num_experts_per_tok: 4
base_num_decoder_layers: 36
vocab_size: 201088
logits_via_embedding: false
decoder_block: "gpt_oss"
inhomogeneous_layer_cycle_interval: 2
`,
  },
  'qwen3-235b-a22b': {
    source: 'qwen3-235b-a22b.yml@5505348a',
    preset: 'qwen3-235b-a22b',
    text: `
decoder_block: "qwen3_moe"
base_emb_dim: 4096
base_mlp_dim: 1536
base_num_query_heads: 64
base_num_kv_heads: 4
base_num_decoder_layers: 94
head_dim: 128
mlp_activations: ["silu", "linear"]
vocab_size: 151936
use_qk_norm: true
num_experts: 128
num_experts_per_tok: 8
base_moe_mlp_dim: 1536
load_balance_loss_weight: 0.001
norm_topk_prob: true
rope_max_timescale: 5000000
`,
  },
  'llama4-17b-128e': {
    source: 'llama4-17b-128e.yml@5505348a',
    preset: 'llama4-maverick',
    text: `
decoder_block: "llama4"
mlp_activations: ["silu","linear"]
base_emb_dim: 5120
base_num_decoder_layers: 48
base_num_query_heads: 40
base_num_kv_heads: 8
base_mlp_dim: 16384
base_moe_mlp_dim: 8192
vocab_size: 202048
num_experts: 128
shared_experts: 1
num_experts_per_tok: 1
nope_layer_interval: 4 # Every fourth layer should NOT use RoPE
interleave_moe_layer_step: 2
inhomogeneous_layer_cycle_interval: 4
temperature_tuning: true
chunk_attn_window_size: 8192
`,
  },
  'gemma4-26b': {
    source: 'gemma4-26b.yml@3ba4b07e',
    preset: 'gemma4-26b',
    text: `
base_num_decoder_layers: 30
base_emb_dim: 2816
base_num_query_heads: 16
base_num_kv_heads: 8
base_mlp_dim: 2112
base_moe_mlp_dim: 704
mlp_activations: ["gelu","linear"]
head_dim: 256
global_head_dim: 512
global_num_kv_heads: 2
vocab_size: 262144
decoder_block: "gemma4"
logits_via_embedding: true
sliding_window_size: 1024
share_kv_projections: true
num_experts: 128
num_experts_per_tok: 8
shared_experts: 1
norm_topk_prob: true
`,
  },
  'gemma4-e2b': {
    source: 'gemma4-e2b.yml@0c6ae931',
    preset: 'gemma4-e2b',
    text: `
base_num_decoder_layers: 35
base_emb_dim: 1536
base_num_query_heads: 8
base_num_kv_heads: 1
base_mlp_dim: 6144
mlp_activations: ["gelu","linear"]
head_dim: 256
global_head_dim: 512
vocab_size: 262144
decoder_block: "gemma4_small"
logits_via_embedding: True
sliding_window_size: 512
hidden_size_per_layer_input: 256
vocab_size_per_layer_input: 262144
num_kv_shared_layers: 20
use_double_wide_mlp: true
use_bidirectional_image_attn: False
ple_pad_mode: "identity"
`,
  },
  'envy-switch-base': {
    source: 'envy-switch-base.yml@73a50ab3',
    text: `
decoder_block: "envy"
mlp_activations: ["silu", "linear"]
logits_via_embedding: true
base_emb_dim: 1536
base_num_decoder_layers: 12
base_num_query_heads: 12
base_num_kv_heads: 12
base_mlp_dim: 6144
base_moe_mlp_dim: 6144
vocab_size: 32768
num_experts: 128
num_experts_per_tok: 1
use_qk_norm: true
load_balance_loss_weight: 0.01
interleave_moe_layer_step: 2
inhomogeneous_layer_cycle_interval: 2
`,
  },
  'gemma2-9b': {
    source: 'gemma2-9b.yml@8fe46880',
    text: `
base_emb_dim: 3584
base_num_query_heads: 16
base_num_kv_heads: 8
base_mlp_dim: 14336
base_num_decoder_layers: 21 # half of the real number of layers because we merge [local_attention, global_attention] into one layer
head_dim: 256
mlp_activations: ["gelu","linear"]
vocab_size: 256128
decoder_block: "gemma2"
logits_via_embedding: true
final_logits_soft_cap: 30.0
sliding_window_size: 4096
`,
  },
  'gpt3-175b': {
    source: 'gpt3-175b.yml@8fe46880',
    preset: 'gpt3-175b',
    text: `
base_emb_dim: 12288
base_num_query_heads: 96
base_num_kv_heads: 96
base_mlp_dim: 49152
base_num_decoder_layers: 96
head_dim: 128
trainable_position_size: 16384
mlp_activations: ["gelu"]
vocab_size: 50304
logits_via_embedding: true
use_iota_embed: true
fused_qkv: true
opt_type: "adam_pax"
decoder_block: "gpt3"
gradient_clipping_threshold: 1.
adam_eps: 1.e-8
eval_per_device_batch_size: 1.0
`,
  },
};

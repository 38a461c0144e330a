import type { ConfigReader } from '../config-reader.ts';

/** What a flag has to be so that it changes nothing here, and what it would change. */
interface Effect {
  readonly neutral: readonly unknown[];
  readonly changes: string;
}

/** Refused at any other value: the step would be another one. */
export const REFUSED_FLAGS: Readonly<Record<string, Effect>> = {
  matmul_precision: { neutral: ['default', 'bfloat16'], changes: 'products run in several passes' },
  weight_sparsity_n: { neutral: [null], changes: 'weights are sparse' },
  weight_sparsity_m: { neutral: [null], changes: 'weights are sparse' },
  te_comm_gemm_overlap: { neutral: ['disabled'], changes: 'collectives of the tensor axis overlap on GPUs' },
  quantize_kvcache: { neutral: [false], changes: 'caches hold 8-bit numbers' },
  model_call_mode: { neutral: [''], changes: 'the step is one of inference: set workload.kind in the scenario' },
  attention_output_dim: { neutral: [-1], changes: 'attention has an output of another width' },
  moe_expert_input_dim: { neutral: [-1], changes: 'experts have an input of another width' },
  mla_qk_head_chunk_size: { neutral: [0], changes: 'heads are computed one after the other' },
  mtp_num_layers: { neutral: [0], changes: 'further tokens are predicted by layers of their own' },
  num_moe_token_chunks: { neutral: [1], changes: 'expert inputs travel in pieces: set layout.overlap.experts in the scenario' },
  num_moe_emb_chunks: { neutral: [0], changes: 'expert inputs travel in pieces: set layout.overlap.experts in the scenario' },
  ragged_buffer_factor: { neutral: [-1], changes: 'buffers of experts have a bound, and tokens beyond it are dropped' },
  use_ring_of_experts: { neutral: [false], changes: 'tokens are all-gathered along the expert axis in place of the all-to-all' },
  first_num_hash_layers: { neutral: [0], changes: 'some layers route by a hash table' },
  use_batch_split_schedule: { neutral: [false], changes: 'two halves of the batch are computed in turn' },
  pipeline_delay_activation_forwarding: { neutral: [false], changes: 'activations are sent one iteration later' },
  pipeline_fsdp_ag_once: { neutral: [false], changes: 'weights are gathered once for all microbatches' },
  pipeline_fsdp_ag_per_repeat: { neutral: [false], changes: 'weights are gathered once for each repeat' },
  moba: { neutral: [false], changes: 'attention looks at chosen blocks' },
  use_indexer: { neutral: [false], changes: 'attention looks at chosen tokens' },
  o_lora_rank: { neutral: [0], changes: 'the output of attention is compressed' },
  compress_ratios: { neutral: [], changes: 'keys and values are compressed' },
  hardware: { neutral: ['tpu', 'cpu'], changes: 'the step runs on GPUs' },
  custom_mesh_and_rule: { neutral: ['', null, 'pure-fsdp'], changes: 'axes cut other things' },
  logical_axis_rules: { neutral: [], changes: 'axes cut other things' },
  training_objective: { neutral: ['causal_lm'], changes: 'the objective is another one' },
  use_dpo: { neutral: [false], changes: 'a step has two models' },
  enable_diloco: { neutral: [false], changes: 'slices update apart' },
  subslice_shape: { neutral: ['', null], changes: 'the step runs on a part of the slice: name that part as compile_topology' },
  dcn_bandwidth_limit: { neutral: ['', null], changes: 'the data-centre network is throttled' },
  trainable_parameters_mask: { neutral: [], changes: 'some weights are not trained' },
  use_ragged_attention: { neutral: [false], changes: 'attention runs in another kernel' },
  experimental_sa_quant_q_fp8: { neutral: [false], changes: 'attention has 8-bit operands' },
  experimental_sa_quant_k_fp8: { neutral: [false], changes: 'attention has 8-bit operands' },
  context_parallel_load_balance: { neutral: [true], changes: 'later parts of a sequence have more work' },
  context_parallel_strategy: { neutral: ['all_gather'], changes: 'keys and values travel in another way' },
  use_chunked_prefill: { neutral: [false], changes: 'prompts are read in pieces' },
  use_multimodal: { neutral: [false], changes: 'an encoder sees images' },
  use_audio: { neutral: [false], changes: 'an encoder hears' },
  partial_rotary_factor: { neutral: [1, 1.0], changes: 'layers are of linear attention' },
  mhc_expansion_rate: { neutral: [1], changes: 'residual streams are several' },
  engram_layers: { neutral: [], changes: 'layers look n-grams up' },
};

/** Accepted with a remark: the step is nearly the same, and the remark says where it differs. */
export const ROUGH_FLAGS: Readonly<Record<string, Effect>> = {
  num_vocab_tiling: { neutral: [1], changes: 'the loss is computed in pieces there and at once here: logits take more memory here' },
  shard_exp_on_fsdp: { neutral: [false], changes: 'fsdp cuts experts there and their width here: as many bytes are gathered' },
  dropout_rate: { neutral: [0], changes: 'drawing and applying masks of dropout takes no time here' },
  float32_qk_product: { neutral: [false], changes: 'with attention=dot_product, scores have 4 bytes there and those of dtype here' },
  float32_logits: { neutral: [false], changes: 'with attention=dot_product, scores have 4 bytes there and those of dtype here' },
  cast_logits_to_fp32: { neutral: [true], changes: 'the loss is computed in the type of logits there and in f32 here' },
  use_qk_clip: { neutral: [false], changes: 'attention also keeps the largest score of each head there' },
  max_checkify: { neutral: [false], changes: 'checks of every operation take no time here' },
  use_random_routing: { neutral: [false], changes: 'experts are drawn there: in a scenario, load: {kind: uniform} does so too' },
  enable_rampup_batch_size: {
    neutral: [false],
    changes: 'the first steps have fewer sequences there; the step here has those of per_device_batch_size',
  },
  moe_fsdp_use_two_stage_all_gather: {
    neutral: [false],
    changes: 'weights of experts are gathered one axis after the other there, and at once here',
  },
  dense_fsdp_use_two_stage_all_gather: {
    neutral: [false],
    changes: 'weights are gathered one axis after the other there, and at once here',
  },
  set_remat_policy_on_pipeline_iterations: { neutral: [true], changes: 'in a pipeline the policy holds for each layer here' },
  set_remat_policy_on_layers_per_stage: { neutral: [false], changes: 'in a pipeline the policy holds for each layer here' },
  custom_mesh: { neutral: ['', null], changes: 'devices are numbered in another order' },
  allow_split_physical_axes: { neutral: [false], changes: 'devices may be numbered in another order' },
  optimize_mesh_for_tpu_v6e: { neutral: [false], changes: 'devices are numbered in another order' },
};

/** Says which flags change the step beyond what is modelled. Only flags that are written count: their defaults are neutral, but for rules of axes. */
export function checkEffects(flags: ConfigReader, names: readonly string[]): void {
  for (const name of names) {
    if (Object.hasOwn(REFUSED_FLAGS, name) && !flags.holds(name, REFUSED_FLAGS[name].neutral)) {
      const { changes, neutral } = REFUSED_FLAGS[name];
      flags.refuse(name, `not modelled: ${changes}`, `leave ${name} at ${shownNeutral(neutral)}`, 'E_FLAG');
    }
    if (Object.hasOwn(ROUGH_FLAGS, name) && !flags.holds(name, ROUGH_FLAGS[name].neutral)) {
      flags.remark(name, ROUGH_FLAGS[name].changes, 'nothing, or leave the flag out');
    }
  }
}

function shownNeutral(neutral: readonly unknown[]): string {
  return neutral.length === 0 ? '[]' : JSON.stringify(neutral[0]);
}

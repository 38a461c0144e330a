import { describe, expect, it } from 'vitest';
import { REFUSED_FLAGS, ROUGH_FLAGS } from '../../../src/intake/importers/maxtext/flag-effects.ts';
import { importMaxText, type MaxTextOptions } from '../../../src/intake/importers/maxtext/import-maxtext.ts';
import { IDLE_FLAGS, LAYOUT_FLAGS, MODEL_FLAGS, ROUTING_FLAGS, WORKLOAD_FLAGS } from '../../../src/intake/importers/maxtext/known-flags.ts';
import { layoutFromFlags } from '../../../src/intake/importers/maxtext/layout-from-flags.ts';
import { presetNameOf, RENAMED_MODELS } from '../../../src/intake/importers/maxtext/model-names.ts';
import { countParameters, MODEL_PRESETS, switchLayersOf, totalParameters } from '../../../src/model/index.ts';
import { MAXTEXT_MODELS } from './maxtext-models.ts';

const read = (overrides: readonly string[], options: Omit<MaxTextOptions, 'overrides'> = {}) =>
  importMaxText('', 'run.yml', { ...options, overrides });

const codes = ({ issues }: { readonly issues: readonly { readonly code: string; readonly path: string }[] }) =>
  issues.map(({ code, path }) => `${code} ${path}`);

describe('model files', () => {
  const entries = Object.entries(MAXTEXT_MODELS);

  it.each(entries)('%s is read without a fault', (name, { text }) => {
    const { issues, model } = importMaxText(text, `${name}.yml`);
    expect(issues).toEqual([]);
    expect(model.moe === null).toBe(!text.includes('num_experts'));
  });

  it.each(entries.filter(([, { preset }]) => preset !== undefined))(
    '%s is the preset that its name means',
    (name, { text, preset = '' }) => {
      expect(presetNameOf(name)).toBe(preset);
      const { window, ...spec } = MODEL_PRESETS[preset].spec;
      // The model's own name decides about its windows, and a text has none.
      const every = name === 'gemma4-e2b' ? { globalEvery: 6 } : {};
      const expected = { ...spec, name: 'maxtext', window: window === null ? null : { ...window, ...every } };
      expect(importMaxText(text, `${name}.yml`).model).toEqual(expected);
    },
  );

  it('a named model is the preset, its router and no capacity', () => {
    const { model, routing, issues } = read(['model_name=deepseek3-671b']);
    expect(issues).toEqual([]);
    expect(model).toEqual(MODEL_PRESETS['deepseek-v3'].spec);
    expect(routing).toEqual({ ...MODEL_PRESETS['deepseek-v3'].routing });
  });

  it.each(RENAMED_MODELS)('%s has a preset', (name) => {
    expect(Object.keys(MODEL_PRESETS)).toContain(presetNameOf(name));
    expect(codes(read([`model_name=${name}`]))).toEqual([]);
  });

  it('every other layer of envy-switch-base has experts', () => {
    const { model } = importMaxText(MAXTEXT_MODELS['envy-switch-base'].text, 'x.yml');
    expect(switchLayersOf(model).map(({ layer }) => layer)).toEqual([1, 3, 5, 7, 9, 11]);
  });

  it('a block of gemma2 is two layers', () => {
    expect(importMaxText(MAXTEXT_MODELS['gemma2-9b'].text, 'x.yml').model).toMatchObject({ decoderLayers: 42, window: { globalEvery: 2 } });
  });

  it('gpt3 has learned positions, biases and a one-hot embedding', () => {
    const { model, workload } = importMaxText(MAXTEXT_MODELS['gpt3-175b'].text, 'x.yml');
    expect(model).toMatchObject({ positions: { kind: 'learned', count: 16384 }, attentionBias: true, ffnBias: true, ffnMatrices: 2 });
    expect(workload).toMatchObject({ embedding: 'one-hot', optimizer: 'adamw' });
  });

  it('256 doubles heads and feed-forward layers three times, the rest less often', () => {
    const { model } = read(['global_parameter_scale=256', 'logits_via_embedding=true']);
    expect(model).toMatchObject({ dModel: 2048 * 8, heads: 16 * 8, kvHeads: 16 * 8, dFf: 7168 * 8, decoderLayers: 16 * 4 });
    const small = totalParameters(countParameters(read(['logits_via_embedding=true']).model));
    expect(totalParameters(countParameters(model)) / small).toBeGreaterThan(200);
    expect(codes(read(['global_parameter_scale=48']))).toEqual(['E_RANGE global_parameter_scale']);
  });
});

describe('the run', () => {
  it('of base.yml alone has the defaults of base.yml', () => {
    const { model, layout, workload, precision, issues } = read([]);
    expect(issues).toEqual([]);
    expect(model).toMatchObject({ dModel: 2048, heads: 16, dFf: 7168, decoderLayers: 16, headDim: 128, vocab: 32000, ffnMatrices: 3 });
    expect(layout).toMatchObject({ ici: { fsdp: -1, data: 1 }, dcn: { data: -1 }, microbatches: 1, zero: 0 });
    expect(workload).toMatchObject({ sequencesPerDevice: 12, sequences: undefined, sequenceLength: 2048, remat: { policy: 'full' } });
    expect(precision).toMatchObject({ matmul: 'bf16', weights: 'f32', gradients: 'f32', router: 'bf16', quantized: 'none' });
  });

  it('of a recipe: Mixtral on a v6e slice', () => {
    const flags = `model_name=mixtral-8x7b steps=15 per_device_batch_size=32 enable_checkpointing=false remat_policy=full ici_fsdp_parallelism=-1
      max_target_length=1024 base_output_directory=gs://x reuse_example_batch=1 dataset_type=synthetic gcs_metrics=true attention='flash'
      sa_block_q=1024 sa_block_q_dkv=2048 sa_block_q_dq=2048 compile_topology=v6e-256 compile_topology_num_slices=2`;
    const { model, workload, topology, issues, warnings } = read(flags.split(/\s+/));
    expect([issues, warnings]).toEqual([[], []]);
    expect(model.name).toBe('mixtral-8x7b');
    expect(topology).toBe('v6e-256*2');
    expect(workload).toMatchObject({ sequences: 32 * 512, sequenceLength: 1024, attentionKernel: 'flash' });
  });

  it('of a recipe: fsdp and tensor over v5p, dots kept', () => {
    const flags = `per_device_batch_size=1 remat_policy=minimal global_parameter_scale=256 ici_fsdp_parallelism=-1 ici_tensor_parallelism=8
      max_target_length=2048 use_iota_embed=true scan_layers=false attention='flash' quantization=""`;
    const { layout, workload, issues } = read(flags.split(/\s+/));
    expect(issues).toEqual([]);
    expect(layout.ici).toEqual({ data: 1, pipeline: 1, fsdp: -1, context: 1, tensor: 8, expert: 1 });
    expect(workload).toMatchObject({ remat: { policy: 'minimal' }, embedding: 'one-hot', layers: 'unrolled' });
  });

  it('has fractions of sequences, as long as devices share whole ones', () => {
    expect(read(['per_device_batch_size=0.25'], { devices: 16 }).workload.sequences).toBe(4);
    expect(codes(read(['per_device_batch_size=0.3'], { devices: 16 }))).toEqual(['E_RANGE per_device_batch_size']);
    expect(codes(read(['per_device_batch_size=0']))).toEqual(['E_RANGE per_device_batch_size']);
    expect(read(['gradient_accumulation_steps=4'], { devices: 8 })).toMatchObject({
      layout: { microbatches: 4 },
      workload: { sequences: 384 },
    });
  });

  it('places tensors one by one where the policy is custom', () => {
    const own = ['decoder_layer_input=offload', 'out_proj=device', 'mlpwo=remat'];
    expect(read(['remat_policy=custom', ...own]).workload.remat).toEqual({
      policy: 'custom',
      tensors: { decoder_layer_input: 'offload', out_proj: 'device', mlpwo: 'remat' },
    });
    const other = read(['remat_policy=full', ...own]);
    expect(other.workload.remat).toEqual({ policy: 'full', tensors: {} });
    expect(other.warnings.map(({ path }) => path)).toEqual(['decoder_layer_input', 'out_proj']);
    expect(codes(read(['remat_policy=custom', 'out_proj=host']))).toEqual(['E_ENUM out_proj']);
  });

  it('checkpoints the layers of a turn of the scan together', () => {
    const layersOf = (...flags: string[]): number | undefined => read(flags).workload.remat.layers;
    expect(layersOf('model_name=gemma3-4b', 'remat_policy=full')).toBe(6);
    expect(layersOf('model_name=gemma3-4b', 'remat_policy=custom', 'inhomogeneous_layer_cycle_interval=1')).toBe(6);
    expect(layersOf('model_name=gemma3-4b', 'scan_layers=false')).toBeUndefined();
    expect(layersOf('model_name=llama3.1-8b')).toBeUndefined();
    const blocks = ['decoder_block=llama4', 'nope_layer_interval=4'];
    expect(layersOf(...blocks, 'inhomogeneous_layer_cycle_interval=4')).toBe(4);
    expect(layersOf(...blocks)).toBeUndefined();
    expect(codes(read([...blocks, 'inhomogeneous_layer_cycle_interval=0']))).toEqual(['E_RANGE inhomogeneous_layer_cycle_interval']);
  });

  it('makes logits in the type of activations, unless their product is f32', () => {
    expect(read([]).precision.logits).toBe('bf16');
    expect(read(['dtype=float32']).precision.logits).toBe('f32');
    expect(read(['logits_dot_in_fp32=true']).precision.logits).toBe('f32');
    expect(codes(read(['logits_dot_in_fp32=1']))).toEqual(['E_TYPE logits_dot_in_fp32']);
  });

  it('of a named model has its router, whatever the flags of routers say', () => {
    const file = importMaxText('model_name: mixtral-8x7b\nnorm_topk_prob: true\n', 'run.yml');
    expect([file.warnings.map(({ path }) => path), codes(file)]).toEqual([['norm_topk_prob'], []]);
    expect(codes(read(['model_name=mixtral-8x7b', 'routed_score_func=sigmoid']))).toEqual(['E_FLAG routed_score_func']);
  });

  it('has embeddings of layers for the vocabulary of the model alone', () => {
    const perLayer = ['hidden_size_per_layer_input=256', 'vocab_size=1000'];
    expect(codes(read([...perLayer, 'vocab_size_per_layer_input=1000']))).toEqual([]);
    expect(codes(read([...perLayer, 'vocab_size_per_layer_input=500']))).toEqual(['E_FLAG vocab_size_per_layer_input']);
    expect(codes(read(['vocab_size_per_layer_input=500']))).toEqual([]);
  });

  it('has operands of 8 bits in all passes', () => {
    expect(read(['quantization=int8']).precision).toMatchObject({ quantized: 'int8', quantizedPasses: ['fw', 'agrad', 'wgrad'] });
    expect(codes(read(['quantization=nanoo_fp8']))).toEqual(['E_ENUM quantization']);
    expect(read(['quantization=x']).issues[0].remedy).toBe('use one of these');
  });

  it('drops tokens only without the sparse kernel', () => {
    const named = ['model_name=mixtral-8x7b'];
    expect(read([...named, 'sparse_matmul=false', 'capacity_factor=1.25']).routing).toMatchObject({
      dispatch: 'einsum',
      capacityFactor: 1.25,
      capacityRule: 'maxtext',
      groupRule: 'sequence',
    });
    const sparse = read([...named, 'capacity_factor=1.25']);
    expect(sparse.routing).toMatchObject({ dispatch: 'dropless' });
    expect(sparse.warnings.map(({ path }) => path)).toEqual(['capacity_factor']);
    expect(codes(read([...named, 'sparse_matmul=false']))).toEqual(['E_FLAG sparse_matmul']);
  });
});

describe('flags of a layout', () => {
  const dense = { layers: 32, hasExperts: false };

  it('become axes, words of one axis multiplied', () => {
    const stated = {
      ici_fsdp_parallelism: 4,
      ici_fsdp_transpose_parallelism: 2,
      ici_tensor_parallelism: 2,
      dcn_data_parallelism: 1,
      dcn_fsdp_parallelism: 2,
    };
    const { layout, issues, warnings } = layoutFromFlags(stated, dense);
    expect(issues).toEqual([]);
    expect(layout).toMatchObject({ ici: { fsdp: 8, tensor: 2 }, dcn: { fsdp: 2, data: 1 } });
    expect(warnings.map(({ path }) => path)).toEqual(['ici_fsdp_transpose_parallelism']);
  });

  it('shard activations between sub-layers, as the rules of base.yml do, on any chip', () => {
    expect(layoutFromFlags({ ici_tensor_parallelism: 4 }, dense).layout.tensorActivations).toBe('sharded');
    expect(read([]).layout.tensorActivations).toBe('sharded');
  });

  it('leave -1 to one axis of a network', () => {
    const { issues } = layoutFromFlags({ ici_data_parallelism: -1, ici_tensor_parallelism: 4 }, dense);
    expect(codes({ issues })).toEqual(['E_RANGE ici_data_parallelism']);
    expect(issues[0].remedy).toContain('ici_fsdp_parallelism=1');
    expect(layoutFromFlags({ ici_data_parallelism: -1, ici_fsdp_parallelism: 1 }, dense).issues).toEqual([]);
  });

  it('put experts on their axis, or have them gathered', () => {
    const sparse = { layers: 32, hasExperts: true };
    expect(layoutFromFlags({ ici_expert_parallelism: 8 }, sparse).layout.expertsOver).toBe('expert');
    expect(layoutFromFlags({}, sparse).layout.expertsOver).toBe('none');
    expect(layoutFromFlags({}, dense).layout.expertsOver).toBeUndefined();
  });

  it('make a pipeline whose stages have all layers', () => {
    const { layout, issues } = layoutFromFlags(
      { ici_pipeline_parallelism: 4, num_layers_per_pipeline_stage: 2, num_pipeline_microbatches: 8 },
      dense,
    );
    expect(issues).toEqual([]);
    expect(layout).toMatchObject({ microbatches: 8, pipeline: { schedule: 'interleaved', repeats: 4 } });
    expect(layoutFromFlags({ ici_pipeline_parallelism: 4, num_layers_per_pipeline_stage: 8 }, dense).layout).toMatchObject({
      microbatches: 4,
      pipeline: { schedule: 'gpipe', repeats: 1 },
    });
    const odd = { ici_pipeline_parallelism: 5, num_pipeline_microbatches: 6 };
    expect(codes(layoutFromFlags(odd, dense))).toEqual(['E_RANGE num_layers_per_pipeline_stage', 'E_RANGE num_pipeline_microbatches']);
    expect(codes(layoutFromFlags({ ici_pipeline_parallelism: 2, pipeline_parallel_layers: 30 }, dense))).toContain(
      'E_FLAG pipeline_parallel_layers',
    );
  });

  it('say what is foreign, misspelt, or no flag of a layout, all at once', () => {
    const stated = {
      ici_diloco_parallelism: 2,
      dcn_tensor_parallelism: 2,
      ici_fsdp_paralelism: 16,
      per_device_batch_size: 4,
      ici_context_parallelism: 'two',
      shard_optimizer_over_data: 1,
      pipeline_fsdp_ag_once: true,
    };
    expect(codes(layoutFromFlags(stated, dense)).toSorted()).toEqual([
      'E_FLAG dcn_tensor_parallelism',
      'E_FLAG ici_diloco_parallelism',
      'E_FLAG per_device_batch_size',
      'E_FLAG pipeline_fsdp_ag_once',
      'E_FLAG_UNKNOWN ici_fsdp_paralelism',
      'E_TYPE ici_context_parallelism',
      'E_TYPE shard_optimizer_over_data',
    ]);
    expect(layoutFromFlags(stated, dense).issues.find(({ code }) => code === 'E_FLAG_UNKNOWN')?.remedy).toBe(
      'did you mean ici_fsdp_parallelism?',
    );
  });
});

describe('flags that are known', () => {
  const lists = {
    MODEL_FLAGS,
    ROUTING_FLAGS,
    LAYOUT_FLAGS,
    WORKLOAD_FLAGS,
    IDLE_FLAGS,
    refused: Object.keys(REFUSED_FLAGS),
    rough: Object.keys(ROUGH_FLAGS),
  };
  const all = Object.values(lists).flat();

  it('stand in one list each', () => {
    expect(all.length).toBeGreaterThan(500);
    expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
  });

  it.each(Object.keys(REFUSED_FLAGS))('%s is refused at any value but its neutral ones', (name) => {
    const { neutral } = REFUSED_FLAGS[name];
    const own = (value: unknown) =>
      codes(importMaxText(JSON.stringify({ [name]: value }), 'x.yml')).filter((code) => code.startsWith('E_FLAG '));
    for (const value of neutral) expect(own(value)).toEqual([]);
    expect(own('something else')).toEqual([`E_FLAG ${name}`]);
  });

  it.each(Object.keys(ROUGH_FLAGS))('%s is accepted with a remark', (name) => {
    const { issues, warnings } = importMaxText(JSON.stringify({ [name]: 7 }), 'x.yml');
    expect(issues).toEqual([]);
    expect(warnings.map(({ code, path }) => `${code} ${path}`)).toEqual([`W_IMPORT ${name}`]);
  });

  it('are spelled right, or the nearest is named', () => {
    const { issues } = read(['remat_polcy=full', 'nothing_of_the_kind_at_all=1', 'justaword']);
    expect(issues.map(({ code, remedy }) => `${code}: ${remedy}`)).toEqual([
      'E_FLAG_UNKNOWN: write e.g. ici_fsdp_parallelism=16',
      'E_FLAG_UNKNOWN: did you mean remat_policy?',
      'E_FLAG_UNKNOWN: remove it',
    ]);
  });
});

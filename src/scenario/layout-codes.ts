import type { IssueCode } from './issue-code.ts';

/** How a model is cut over devices, and what a step does with it. `infeasible`: nothing is misspelt, but the layout cannot be made for this model and slice. */
export const LAYOUT_CODES = {
  E_LAYOUT_NAME: {
    title: 'A named layout that does not exist, or that is said in two ways',
    rule: 'layout.name is an entry of the registry of layouts; it says the axes within a slice and where experts lie, so ici and expertsOver do not stand beside it, and tensor only where it has that axis',
    example: 'layout: {name: expert-dta}, or layout: {name: data, tensor: 8}',
    remedy: 'choose one from `switchyard list layouts`, or write the axes under layout.ici and no name',
  },
  E_LAYOUT_FILL: {
    title: 'More than one mesh axis asks for the rest',
    rule: 'at most one axis of layout.ici may be -1, and at most one of layout.dcn',
    example: 'layout: {ici: {data: -1, expert: -1}}',
    remedy: 'give all axes but one a number',
  },
  E_LAYOUT_PRODUCT: {
    title: 'The mesh axes do not multiply to the number of devices',
    rule: 'the product of layout.ici must equal the devices of a slice (what JAX sees: on TPU v2 and v3 two cores per chip, on v7 two chiplets), that of layout.dcn the slices',
    example: 'layout: {ici: {data: 16}} on tpu-v3:4x4, which has 32 devices',
    remedy: 'change an axis, or set one to -1 to take what is left',
  },
  E_LAYOUT_DCN: {
    title: 'An axis over slices that must stay within one',
    rule: 'data, pipeline, fsdp and expert may run over the data-centre network; tensor and context exchange activations in every layer',
    example: 'layout: {dcn: {tensor: 2}}',
    remedy: 'use layout.ici for it',
  },
  E_EXPERTS_OVER: {
    title: 'Experts laid on an axis that does not suit',
    rule: 'layout.expertsOver needs a model with experts, and an axis of their own is the one that they lie on',
    example: 'model: {preset: t5-base} with layout: {expertsOver: data}',
    remedy: 'leave layout.expertsOver out, or choose a model with experts',
  },
  E_EXPERTS_SHARD: {
    title: 'Experts do not divide evenly over their mesh axis',
    rule: 'model.experts must be a multiple of the size of the axis in layout.expertsOver',
    example: 'model: {preset: switch-base, experts: 48} over data: 32',
    remedy: 'change the number of experts or the axis',
    infeasible: true,
  },
  E_BATCH_SHARD: {
    title: 'Sequences do not divide evenly over devices and microbatches',
    rule: 'workload.sequences must be a multiple of data x fsdp x expert x microbatches',
    example: 'workload: {sequences: 1000} over data: 32',
    remedy: 'choose a multiple',
    infeasible: true,
  },
  E_AXIS_DIVIDES: {
    title: 'An axis that does not divide what it cuts',
    rule: 'tensor divides heads, heads of keys and values (or is a multiple of them) and widths; context divides lengths; pipeline x repeats divides layers, blocks of workload.remat.layers divide those of a chunk, and interleaved stages divide microbatches',
    example: 'model: {preset: t5-base}, which has 12 heads, over tensor: 8',
    remedy: 'use one of the sizes that the message names',
    infeasible: true,
  },
  E_MEMORY: {
    title: 'A step that needs more memory than a device has',
    rule: 'the closed form of weights, gradients, optimizer state, activations and buffers must be within hbmCapacityBytes; it is looked at before anything is routed, and nothing is written',
    example: 'model: {preset: t5-large} with workload: {sequences: 1024} on tpu-v3:1x1',
    remedy: 'take one of the changes that the message names, each with what it would need, or run it all the same by --ignore-memory',
    infeasible: true,
  },
  E_PIPELINE: {
    title: 'A pipeline that the model or the schedule does not allow',
    rule: 'stages are runs of layers of one stack, so encoder-decoder models have none; only the interleaved schedule has several chunks per stage',
    example: 'model: {preset: t5-base} with layout: {ici: {pipeline: 2}}',
    remedy: 'use another axis, or another schedule',
  },
  E_REMAT_UNKNOWN: {
    title: 'No such rematerialisation policy',
    rule: 'workload.remat is an entry of the registry of policies, or a group with policy, tensors and layers',
    example: 'workload: {remat: ful}',
    remedy: 'use the nearest one, which the message names',
  },
  E_WORKLOAD: {
    title: 'A workload that the model cannot do',
    rule: 'prefill and decode need a decoder; a teacher belongs to distil, and has the family and vocabulary of its student',
    example: 'workload: {kind: distil, teacher: t5-base} for a model with another vocabulary',
    remedy: 'choose another workload.kind, model or teacher',
  },
  E_QUANTIZED: {
    title: 'A type of numbers that the chip does not multiply',
    rule: 'precision.quantized needs a chip with a published peak for it',
    example: 'precision: {quantized: fp8} on TPU v3',
    remedy: 'use none, or a chip that has it; see `switchyard explain <chip>`',
  },
} as const satisfies Record<string, IssueCode>;

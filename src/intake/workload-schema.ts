import * as z from 'zod';
import { OPTIMIZER_NAMES, REMAT_POLICIES, REMAT_TENSORS } from '../layout/index.ts';
import { WORKLOAD_KINDS } from '../scenario/index.ts';
import { dtype, whole } from './schema-parts.ts';

const PLACE = z.enum(['device', 'offload', 'remat']).optional();
type RematTensor = (typeof REMAT_TENSORS)[number];

const rematPolicy = z.string().meta({ enum: Object.keys(REMAT_POLICIES) });
const remat = z.union(
  [
    rematPolicy,
    z.strictObject({
      policy: rematPolicy.optional(),
      tensors: z
        .strictObject(Object.fromEntries(REMAT_TENSORS.map((name) => [name, PLACE])) as Record<RematTensor, typeof PLACE>)
        .optional()
        .describe('Where tensors are that differ from the policy: kept on the device, on the host, or made again'),
      layers: whole(1, 1024).optional().describe('Layers that are checkpointed together, as those of a block of jax.lax.scan'),
    }),
  ],
  { error: 'must be the name of a policy, or a group with policy, tensors and layers' },
);

/** `model` is the shape of the key `model`, which a teacher has too. */
export function workloadSchema<Model extends z.ZodType>(model: Model) {
  return z.strictObject({
    kind: z.enum(WORKLOAD_KINDS).optional(),
    sequences: whole(1, 2 ** 22)
      .optional()
      .describe('Sequences of a step, over all devices and microbatches'),
    sequenceLength: whole(1, 2 ** 20)
      .optional()
      .describe('Decode: tokens that the caches hold when the step begins'),
    targetLength: whole(1, 2 ** 20)
      .optional()
      .describe('Decoder side of an encoder-decoder model'),
    optimizer: z.enum(OPTIMIZER_NAMES).optional(),
    firstMoment: dtype.optional().describe('Type of the first moment, where the optimizer keeps one'),
    remat: remat.optional().describe('What the backward pass makes again'),
    embedding: z.enum(['one-hot', 'gather']).optional(),
    layers: z
      .enum(['loop', 'unrolled'])
      .optional()
      .describe('A loop over layers that stacks what they keep, or one written down after the other'),
    attentionKernel: z.enum(['dot', 'flash']).optional().describe('Scores through HBM, or block by block on the chip'),
    expertDropout: z.number().min(0).max(0.99).optional().describe('Share of expert hidden units that fine-tuning drops'),
    teacher: z
      .union([z.string(), model], { error: 'must be the name of a preset, or a group of dimensions' })
      .optional()
      .describe('Distil: the model whose outputs are learned'),
  });
}

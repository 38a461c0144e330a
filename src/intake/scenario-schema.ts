import * as z from 'zod';
import { METRIC_NAMES } from '../result/index.ts';
import { CAPACITY_RULES, DISPATCH_NAMES, GROUP_RULES, ROUTERS } from '../routing/index.ts';
import { QUANTIZED_PASSES, SCENARIO_DEFAULTS } from '../scenario/index.ts';
import { experimentSchema } from './experiment-schema.ts';
import { layoutSchema } from './layout-schema.ts';
import { learningSchema } from './learning-schema.ts';
import { loadSchema } from './load-schema.ts';
import { modelGroup, modelSchema } from './model-schema.ts';
import { dtype, whole, wordOrWhole } from './schema-parts.ts';
import { workloadSchema } from './workload-schema.ts';

/**
 * The shape of a scenario file: keys, types and ranges. Everything is optional but `topology` and `model`; defaults are filled in by
 * `resolve-scenario.ts`.
 */

const SIDE = whole(1, 1024);
/** A chip by number, or by its coordinates. */
const CHIP = z.union(
  [
    whole(0, 2 ** 20),
    z
      .array(whole(0, 2 ** 20))
      .min(1)
      .max(3),
  ],
  { error: 'must be the number of a chip, or its coordinates [x, y, z]' },
);
const CHIP_PAIR = z.array(CHIP).length(2).describe('Two neighbouring chips');
const skew = z.number().min(0).max(60);

const topologyGroup = z.strictObject({
  chip: z.string().describe('A file of topologies/chips, e.g. tpu-v3'),
  shape: z.array(SIDE).min(1).max(3).describe('Sides in chips'),
  wrap: z
    .union([z.enum(['auto', 'open', 'closed']), z.array(z.boolean())], {
      error: 'must be auto, open, closed, or a list with true or false for each side',
    })
    .optional()
    .describe('Wrap-around links: auto follows what is known of the generation'),
  devicesPerChip: whole(1, 64).optional().describe('Devices of each chip that take part; default all'),
  slices: whole(1, 4096).optional().describe('Slices joined by the data-centre network'),
  slowDevices: z
    .array(z.strictObject({ device: whole(0, 2 ** 20), factor: z.number().min(1).max(1000) }))
    .optional()
    .describe('Devices that compute slower: factor 1.1 takes 10 % longer'),
  twisted: z.boolean().optional().describe('Wraps of the short sides shift the long ones by half: 4x4x8, 4x8x8'),
  brokenLinks: z.array(CHIP_PAIR).max(4096).optional().describe('Wires between neighbouring chips that are out of order'),
  slowLinks: z
    .array(z.strictObject({ between: CHIP_PAIR, factor: z.number().min(1).max(1000) }))
    .max(4096)
    .optional()
    .describe('Wires between neighbouring chips that are slower: factor 2 halves the bandwidth'),
  startSkew: z
    .union([skew, z.array(z.strictObject({ device: whole(0, 2 ** 20), seconds: skew }))], {
      error: 'must be seconds from 0 to 60, or a list of {device, seconds}',
    })
    .optional()
    .describe('Devices begin the step late: uniformly by up to so many seconds each (seeded), or as listed'),
  jitter: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Every computation of every device takes longer by up to this share (seeded): 0.02 is 2 %'),
});

const optionValue = z.union([z.string(), z.number(), z.boolean()], { error: 'must be a word, a number, true or false' });

const routing = z.strictObject({
  router: z
    .union([z.string().meta({ enum: Object.keys(ROUTERS) }), z.object({ name: z.string() }).catchall(optionValue)], {
      error: 'must be the name of a router, or a group with name and its options',
    })
    .meta({ default: SCENARIO_DEFAULTS.routing.router })
    .optional()
    .describe('A router, or {name, options...}'),
  options: z.record(z.string(), optionValue).optional().describe('Options of the router, see `switchyard explain <router>`'),
  capacityFactor: z.number().max(1e6).optional().describe('Above 0'),
  capacityRule: z
    .string()
    .meta({ enum: Object.keys(CAPACITY_RULES), default: SCENARIO_DEFAULTS.routing.capacityRule })
    .optional(),
  groupRule: z
    .string()
    .meta({ enum: Object.keys(GROUP_RULES), default: SCENARIO_DEFAULTS.routing.groupRule })
    .optional()
    .describe('How tokens are cut into routing groups'),
  groupTokens: whole(1, 2 ** 22)
    .optional()
    .describe('Tokens of a routing group'),
  groupsMultipleOf: wordOrWhole('auto', 1, 2 ** 20)
    .optional()
    .describe('Number of groups is a multiple of this; auto is the data axis'),
  dispatch: z.enum(DISPATCH_NAMES).optional().describe('Into slots by one-hot products or by copying, or without slots and without drops'),
});

const emulate = z.strictObject({
  tokens: wordOrWhole(['auto', 'all'], 1, 2 ** 31)
    .optional()
    .describe('Tokens that are routed, over both stacks, as whole groups; auto: as many as budgetSeconds allow'),
  layers: wordOrWhole(['auto', 'all'], 1, 2048).optional().describe('Layers with experts that are routed'),
  budgetSeconds: z
    .number()
    .min(0.1)
    .max(86_400)
    .optional()
    .describe('auto: how long routing may take on two assumed cores; no measurement of this machine'),
  verifyShare: z.number().min(0).max(1).optional().describe('Share of the tokens compared bit by bit with the oracle'),
});

const precision = z.strictObject({
  matmul: dtype.optional().describe('Activations, and what is sent'),
  weights: dtype.optional(),
  router: dtype.optional(),
  gradients: dtype.optional().describe('Default is that of matmul'),
  logits: dtype
    .optional()
    .describe('What the product with the output matrix makes; the loss is computed in f32 either way. Default is f32'),
  quantized: z.enum(['none', 'int8', 'fp8']).optional().describe('Operands of matrix products in quantizedPasses'),
  quantizedPasses: z.array(z.enum(QUANTIZED_PASSES)).min(1).optional(),
});

const bounds = z.strictObject({ min: z.number().optional(), max: z.number().optional() });

export const scenarioSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/, 'must be letters, digits, dots, dashes and underscores, at most 80')
    .optional()
    .describe('Names the folder under reports/; default is the name of the file'),
  question: z.string().max(400).optional().describe('What the experiment is to answer'),
  topology: z
    .union([z.string(), topologyGroup], { error: 'must be a slice name such as tpu-v3:4x4, or a group with chip and shape' })
    .describe('The slice: a name (tpu-v3:4x4, v3-32, v5litepod-256), or chip, shape and wiring'),
  model: modelSchema.describe('A known model by name, or {preset, overrides...}, or dimensions'),
  layout: layoutSchema.optional().describe('How the model is cut over devices'),
  routing: routing.optional(),
  workload: workloadSchema(modelGroup).optional(),
  precision: precision.optional(),
  load: loadSchema.optional().describe('Where the choices of experts come from'),
  emulate: emulate.optional(),
  experiment: experimentSchema
    .optional()
    .describe('Variants that learn from several seeds, and what is claimed of them: for `switchyard experiment`'),
  learning: learningSchema.optional().describe('What the model learns from, and how: for `switchyard train`'),
  seed: whole(0, 2 ** 32 - 1).optional(),
  ignoreMemory: z.boolean().optional().describe('Run a step that does not fit into device memory all the same'),
  vary: z.record(z.string(), z.array(z.unknown()).min(1)).optional().describe('Dotted path: values; read by compare'),
  assert: z
    .record(z.string(), bounds)
    .meta({ propertyNames: { enum: [...METRIC_NAMES] } })
    .optional()
    .describe('Metric: {min, max}; a miss is exit code 1'),
});

export type ScenarioInput = z.infer<typeof scenarioSchema>;

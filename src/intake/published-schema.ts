import * as z from 'zod';

/** What is read of a record (data/published/README.md); other keys are facts for people and pass. */
const maybe = <Schema extends z.ZodType>(schema: Schema) => schema.nullable();
const count = z.int().positive();
const axes = z.record(z.string(), count);
const words = z.array(z.string());

const topology = z.looseObject({
  chip: maybe(z.string()),
  chips: maybe(count),
  shape: maybe(z.array(count).min(1).max(3)),
  slices: count,
  devicesPerChip: count,
  twisted: z.boolean().optional(),
});

const moe = z.looseObject({
  experts: maybe(count),
  topK: maybe(count),
  dExpert: maybe(count),
  layersEvery: maybe(count),
  firstDenseLayers: maybe(z.int().nonnegative()).optional(),
  sharedExperts: maybe(z.int().nonnegative()).optional(),
  capacityFactor: maybe(z.number().positive()),
  capacityRule: maybe(z.string()).optional(),
  dropless: maybe(z.boolean()).optional(),
  algorithm: maybe(z.string()),
  where: maybe(z.string()).optional(),
  groupTokens: maybe(count),
});

const model = z.looseObject({
  name: z.string(),
  family: z.string(),
  layers: maybe(count).optional(),
  encoderLayers: maybe(count).optional(),
  decoderLayers: maybe(count).optional(),
  dModel: maybe(count),
  dFf: maybe(count),
  heads: maybe(count),
  kvHeads: maybe(count).optional(),
  headDim: maybe(count),
  vocab: maybe(count),
  ffnMatrices: maybe(count),
  tiedEmbeddings: maybe(z.boolean()),
  attention: maybe(z.string()).optional(),
  attentionWindow: z.unknown(),
  moe: maybe(moe),
  extra: maybe(z.record(z.string(), z.unknown())).optional(),
});

const layout = z.looseObject({ ici: maybe(axes), dcn: maybe(axes), expertsShardedOver: maybe(z.string()) });

const batch = z.looseObject({
  sequences: maybe(count),
  sequenceLength: maybe(count),
  targetLength: maybe(count),
  tokensPerStep: maybe(count),
});

/** Numbers that follow from a step time; whatever else a source measured passes. */
const MEASURED = ['stepSeconds', 'stepsPerSecond', 'examplesPerSecond', 'tokensPerSecondPerChip', 'tflopsPerChip', 'mfu'];

const record = z.looseObject({
  id: z.string().min(1),
  kind: z.string(),
  source: z.string().min(1),
  asOf: maybe(z.string()).optional(),
  topology,
  model: maybe(model),
  layout,
  batch,
  precision: z.looseObject({ matmul: maybe(z.string()), weights: maybe(z.string()), router: maybe(z.string()) }),
  optimizer: maybe(z.string()),
  optimizerDetail: maybe(z.string()).optional(),
  remat: maybe(z.string()),
  attentionKernel: maybe(z.string()),
  overlapFlags: maybe(z.boolean()),
  measured: z.looseObject(Object.fromEntries(MEASURED.map((name) => [name, maybe(z.number().positive()).optional()]))),
  stepSecondsDerived: maybe(z.number().positive()),
  derivedFrom: maybe(z.string()).optional(),
  modelTflopPerStep: maybe(z.number().positive()).optional(),
  assumptions: words.optional(),
  traps: words.optional(),
  doubtful: z.boolean(),
  replayable: z.enum(['full', 'assumptions', 'ratio-only', 'no']),
  missing: words.optional(),
  assumedForReplay: maybe(
    z.looseObject({ topology: topology.partial().optional(), layout: layout.partial().optional(), batch: batch.partial().optional() }),
  ).optional(),
});

const contrast = z.looseObject({
  id: z.string().min(1),
  a: z.string(),
  b: z.string(),
  metric: z.string(),
  meaning: z.string(),
  value: z.number().positive(),
  direction: z.enum(['a>b', 'a<b', 'a~b']),
  noise: z.number().nonnegative().optional(),
});

export const recordsSchema = z.array(record);
export const contrastsSchema = z.array(contrast);

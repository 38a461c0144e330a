import * as z from 'zod';

/**
 * What is read of a record (data/published/README.md); other keys are facts for people and pass. A key that is not there is one that the source is
 * silent about, as null is.
 */
const fact = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().default(null as never);
const rare = <Schema extends z.ZodType>(schema: Schema) => schema.nullish();
const count = z.int().positive();
// No more than a scenario may say, so that what is out of reach is refused with its place and never replayed.
const upTo = (most: number) => z.int().min(1).max(most);
const orNone = (most: number) => z.int().min(0).max(most);
const [width, heads, layers, experts] = [upTo(2 ** 20), upTo(4096), upTo(1024), upTo(2 ** 16)];
const tokens = upTo(2 ** 20);
const axes = z.record(z.string(), upTo(2 ** 20));
const words = or(z.array(z.string()), []);
const facts = z.record(z.string(), z.unknown());

const topologyFacts = {
  chip: z.string(),
  chips: upTo(2 ** 20),
  shape: z.array(upTo(1024)).min(1).max(3),
  slices: upTo(4096),
  devicesPerChip: upTo(16),
};
const layoutFacts = { ici: axes, dcn: axes, expertsShardedOver: z.string() };
const batchFacts = { sequences: upTo(2 ** 22), sequenceLength: tokens, targetLength: tokens, tokensPerStep: count };

/** What stands in where nothing is said. */
function or<Schema extends z.ZodType>(schema: Schema, silent: z.output<Schema>) {
  return schema.nullish().transform((stated): z.output<Schema> => stated ?? silent);
}

/** A group, all keys of which are null where nothing is said of it. */
function group<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((stated) => stated ?? {}, schema);
}

/** Every key null where nothing is said of it. */
function factsOf<Shape extends Record<string, z.ZodType>>(shape: Shape) {
  return Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, fact(schema)])) as {
    [Key in keyof Shape]: z.ZodDefault<z.ZodNullable<Shape[Key]>>;
  };
}

/** Every key absent where nothing is said of it. */
function overridesOf<Shape extends Record<string, z.ZodType>>(shape: Shape) {
  return Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, rare(schema)])) as {
    [Key in keyof Shape]: z.ZodOptional<z.ZodNullable<Shape[Key]>>;
  };
}

const moe = z.looseObject({
  ...factsOf({ experts, topK: experts, dExpert: width, layersEvery: layers, capacityFactor: z.number().positive() }),
  ...factsOf({ algorithm: z.string(), groupTokens: upTo(2 ** 22) }),
  ...overridesOf({ firstDenseLayers: orNone(1024), sharedExperts: orNone(4096), sharedDim: orNone(2 ** 20) }),
  ...overridesOf({ capacityRule: z.string(), dropless: z.boolean(), where: z.string() }),
});

const mla = z.looseObject(
  factsOf({ qLoraRank: orNone(2 ** 16), kvLoraRank: upTo(2 ** 16), qkNopeHeadDim: heads, qkRopeHeadDim: heads, vHeadDim: heads }),
);

const attentionWindow = z.looseObject({
  ...factsOf({ kind: z.string(), window: upTo(2 ** 24) }),
  ...overridesOf({ globalEvery: orNone(1024), globalHeadDim: heads, globalKvHeads: heads, globalSharedKv: z.boolean() }),
});

const model = z.looseObject({
  name: or(z.string(), 'unnamed'),
  family: or(z.string(), 'that was not published'),
  ...factsOf({ dModel: upTo(2 ** 17), dFf: width, heads, headDim: heads, vocab: upTo(2 ** 24), ffnMatrices: count }),
  ...factsOf({ tiedEmbeddings: z.boolean(), moe }),
  ...overridesOf({ layers, encoderLayers: layers, decoderLayers: layers, kvHeads: heads }),
  ...overridesOf({ attention: z.string(), mla, attentionWindow, extra: facts, idleParameters: z.int().nonnegative() }),
});

/** Numbers that follow from a step time; whatever else a source measured passes. */
const MEASURED = ['stepSeconds', 'stepsPerSecond', 'examplesPerSecond', 'tokensPerSecondPerChip', 'tflopsPerChip', 'mfu', 'latencySeconds'];
const printed = Object.fromEntries(MEASURED.map((name) => [name, rare(z.number().positive())]));

const record = z.looseObject({
  id: z.string().min(1),
  kind: or(z.string(), 'not published'),
  source: or(z.string().min(1), 'not named'),
  topology: group(z.looseObject({ ...factsOf(topologyFacts), twisted: rare(z.boolean()) })),
  model: fact(model),
  layout: group(z.looseObject(factsOf(layoutFacts))),
  batch: group(z.looseObject({ ...factsOf(batchFacts), generatedTokens: rare(orNone(2 ** 20)) })),
  precision: group(
    z.looseObject({ ...factsOf({ matmul: z.string(), weights: z.string(), router: z.string() }), ...overridesOf({ logits: z.string() }) }),
  ),
  ...factsOf({ optimizer: z.string(), remat: z.string(), attentionKernel: z.string(), overlapFlags: z.boolean() }),
  ...factsOf({ stepSecondsDerived: z.number().positive() }),
  ...overridesOf({ asOf: z.string(), optimizerDetail: z.string(), rematDetail: facts, derivedFrom: z.string() }),
  ...overridesOf({ embedding: z.enum(['one-hot', 'gather']) }),
  ...overridesOf({ modelTflopPerStep: z.number().positive(), flopRule: z.string(), attentionFlops: z.string() }),
  measured: group(z.looseObject(printed)),
  assumptions: words,
  traps: words,
  doubtful: or(z.boolean(), false),
  replayable: or(z.enum(['full', 'assumptions', 'ratio-only', 'no']), 'assumptions'),
  missing: words,
  assumedForReplay: rare(
    z.looseObject({
      topology: rare(z.looseObject(overridesOf({ ...topologyFacts, twisted: z.boolean() }))),
      layout: rare(z.looseObject(overridesOf(layoutFacts))),
      batch: rare(z.looseObject(overridesOf(batchFacts))),
    }),
  ),
});

const contrast = z.looseObject({
  id: z.string().min(1),
  a: z.string(),
  b: z.string(),
  metric: z.string(),
  meaning: or(z.string(), ''),
  value: z.number().positive(),
  direction: z.enum(['a>b', 'a<b', 'a~b']),
  noise: rare(z.number().nonnegative()),
});

export const recordsSchema = z.array(record);
export const contrastsSchema = z.array(contrast);

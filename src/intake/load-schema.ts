import * as z from 'zod';
import { NAMED_LOADS, type NamedLoadKind, type OptionSpec } from '../routing/index.ts';
import { CLUSTERING_STRENGTHS } from '../scenario/index.ts';

/** The shape of a scenario's `load`: one group of keys per kind; those of named loads are their options. */

const strengthNames = Object.keys(CLUSTERING_STRENGTHS);

const measured = z.strictObject({
  kind: z.literal('measured'),
  clustering: z
    .union([z.literal(strengthNames), z.number().min(0).max(0.99)], {
      error: `must be ${strengthNames.join(', ')}, or a number from 0 to 0.99`,
    })
    .optional()
    .describe('Share of its variance that a synthetic token has in common with its cluster'),
});

const trace = z.strictObject({
  kind: z.literal('trace'),
  file: z
    .string()
    .min(1)
    .describe('CSV with the header layer,token,expert; NPY [layers, tokens(, k)]; or Parquet with those three columns'),
});

const named = (Object.keys(NAMED_LOADS) as NamedLoadKind[]).map(namedSchema);

export const loadSchema = z.discriminatedUnion('kind', [
  measured,
  z.strictObject({ kind: z.literal('uniform') }),
  z.strictObject({ kind: z.literal('zipf'), exponent: z.number().min(0).max(10).optional() }),
  trace,
  ...named,
]);

export type LoadInput = z.infer<typeof loadSchema>;

/** To the compiler a named load has its kind alone: which options it has is known when the registry is read. */
function namedSchema(kind: NamedLoadKind) {
  const { title, options } = NAMED_LOADS[kind];
  const shapes: Record<string, z.ZodType> = Object.fromEntries(Object.entries(options).map(([name, spec]) => [name, optionSchema(spec)]));
  const shape: { readonly kind: z.ZodLiteral<NamedLoadKind> } = { ...shapes, kind: z.literal(kind) };
  return z.strictObject(shape).describe(title);
}

function optionSchema(spec: OptionSpec): z.ZodOptional<z.ZodType<string | number | boolean>> {
  return shapeOf(spec).meta({ default: spec.default }).optional().describe(spec.meaning);
}

function shapeOf(spec: OptionSpec): z.ZodType<string | number | boolean> {
  switch (spec.kind) {
    case 'word':
      return z.enum(spec.words);
    case 'switch':
      return z.boolean();
    case 'number':
      return (spec.whole ? z.int() : z.number()).min(spec.min).max(spec.max);
  }
}

import { gibibytes } from '../base/index.ts';
import type { LoadedVariant } from '../intake/index.ts';
import { metricValue, type Variant, variedValueText, type Warning } from '../result/index.ts';
import { doesNotFit } from '../study/index.ts';
import { printable } from './printable.ts';

/** `gshard-top2 1.25`: the varied values alone. */
export function variantName(vary: Variant['vary']): string {
  const words = Object.values(vary).map(variedValueText);
  return printable(words.join(' '));
}

/** Remarks about the combinations, each once; what is not true of all of them names those of which it is. */
export function variantWarnings(variants: readonly Pick<LoadedVariant, 'vary' | 'warnings'>[]): Warning[] {
  const unique = new Map(variants.flatMap(({ warnings }) => warnings).map((warning) => [warning.message, warning]));
  return [...unique.values()].map(({ code, message }) => {
    const named = variants.filter(({ warnings }) => warnings.some((warning) => warning.message === message));
    const names = named.length === variants.length ? '' : `${named.map(({ vary }) => variantName(vary)).join(', ')}: `;
    return { code, message: `${names}${message}` };
  });
}

/** One sentence per variant whose step needs more memory than a device has. */
export function misfits(variants: readonly Pick<Variant, 'vary' | 'metrics'>[]): string[] {
  return variants
    .filter(({ metrics }) => doesNotFit(metrics))
    .map(({ vary, metrics }) => {
      const [needs, has] = (['hbmPeakBytes', 'hbmCapacityBytes'] as const).map((name) =>
        gibibytes(metricValue(metrics, name) ?? Number.NaN),
      );
      return `${variantName(vary)}: the step needs ${needs} on a device that has ${has}`;
    });
}

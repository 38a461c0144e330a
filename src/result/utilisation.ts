import type { PrecisionSpec } from '../scenario/index.ts';

/**
 * What MFU and HFU are shares of where that is not plain: operands of 8 bits have a peak of their own, often twice as high. Empty where products are
 * bf16, and for results of older versions, which had no others.
 */
export function utilisationNote(precision: Partial<Pick<PrecisionSpec, 'quantized'>> | undefined): string {
  const quantized = precision?.quantized ?? 'none';
  return quantized === 'none' ? '' : `of the bf16 peak, products in ${quantized}`;
}

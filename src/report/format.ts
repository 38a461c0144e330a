/** Numbers that are said about two numbers; those about one come from `result/`. */
import { formatNumber } from '../result/index.ts';

/** `1.18 ×`: how many times the baseline. */
export function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return 'not known';
  return `${ratio >= 100 ? formatNumber(ratio) : ratio.toFixed(2)} ×`;
}

/** `+3.2 %`: how far a value lies from a reference. */
export function formatDeviation(value: number, reference: number): string {
  const percent = (value / reference - 1) * 100;
  if (!Number.isFinite(percent)) return 'not known';
  const size = Math.abs(percent);
  return `${percent < 0 ? '−' : '+'}${size >= 100 ? formatNumber(Math.round(size)) : size.toFixed(1)} %`;
}

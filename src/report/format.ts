/** Numbers for people: a unit that fits the size, and no more digits than the model can stand for. */

interface Step {
  readonly size: number;
  readonly suffix: string;
}

const TIME: readonly Step[] = [
  { size: 3600, suffix: 'h' },
  { size: 60, suffix: 'min' },
  { size: 1, suffix: 's' },
  { size: 1e-3, suffix: 'ms' },
  { size: 1e-6, suffix: 'µs' },
  { size: 1e-9, suffix: 'ns' },
  { size: 1e-12, suffix: 'ps' },
];

const BYTES: readonly Step[] = [
  { size: 1e15, suffix: 'PB' },
  { size: 1e12, suffix: 'TB' },
  { size: 1e9, suffix: 'GB' },
  { size: 1e6, suffix: 'MB' },
  { size: 1e3, suffix: 'kB' },
  { size: 1, suffix: 'B' },
];

/** Units whose prefix follows the size; every other unit is written behind the number as it is. */
const SECONDS = new Set(['s', 'seconds', 'second']);
const SIZES = new Set(['B', 'bytes', 'byte', 'bytes/device', 'B/device']);
const SHARES = new Set(['fraction', 'share', 'ratio of peak']);
const BARE = new Set(['', '1', 'ratio', 'slots', 'x']);

/** `formatValue(0.00123, 's')` is `1.23 ms`; decimal prefixes (1 GB = 1e9 bytes). */
export function formatValue(value: number, unit: string): string {
  if (!Number.isFinite(value)) return 'not known';
  if (SECONDS.has(unit)) return scaled(value, TIME, 's');
  if (SIZES.has(unit)) return scaled(value, BYTES, 'B');
  if (SHARES.has(unit)) return formatShare(value);
  if (unit === '$' || unit === 'USD' || unit === 'dollars') return formatDollars(value);
  const plain = formatNumber(value);
  return BARE.has(unit) ? plain : `${plain} ${unit}`;
}

/** Three significant digits, thousands parted by commas, whole numbers as they are. */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return group(String(value));
  if (size >= 1000) return group(String(Math.round(value)));
  if (size < 1e-4) return value.toExponential(2);
  return trim(value.toPrecision(3));
}

/** `5.27 %`; very small shares keep their first digit. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (Math.abs(percent) < 0.001) return `${percent.toExponential(1)} %`;
  return `${trim(percent.toPrecision(3))} %`;
}

/** `1.18 x`: how many times the baseline. */
export function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? `${ratio >= 100 ? formatNumber(ratio) : ratio.toFixed(2)} ×` : 'not known';
}

/** `+3.2 %`: how far a value lies from a reference. */
export function formatDeviation(value: number, reference: number): string {
  const percent = (value / reference - 1) * 100;
  if (!Number.isFinite(percent)) return 'not known';
  return `${percent < 0 ? '−' : '+'}${trim(Math.abs(percent).toPrecision(percent >= 1000 ? 4 : 3))} %`;
}

function formatDollars(value: number): string {
  if (Math.abs(value) >= 1000) return `$${group(String(Math.round(value)))}`;
  return Math.abs(value) >= 1 ? `$${value.toFixed(2)}` : `$${trim(value.toPrecision(2))}`;
}

function scaled(value: number, steps: readonly Step[], base: string): string {
  if (value === 0) return `0 ${base}`;
  const size = Math.abs(value);
  // 0.9995 of a unit would print as 1000 of the next smaller one.
  const step = steps.find((s) => size >= s.size * 0.9995) ?? steps.at(-1);
  if (step === undefined) return `${value} ${base}`;
  return `${trim((value / step.size).toPrecision(size >= step.size * 1000 ? 4 : 3))} ${step.suffix}`;
}

/** Expands the exponent that toPrecision may leave; keeps trailing zeros, which say how exact the number is. */
function trim(text: string): string {
  return text.includes('e') ? group(String(Number(text))) : text;
}

function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

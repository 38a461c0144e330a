/** Numbers for people: a prefix that fits the size, and three digits, which is more than a model of performance can stand for. */

const DIGITS = 3;
const THOUSAND = 1000;
/** Just below 1000 in three digits: 999.6 of a unit is 1 of the next. */
const ROUNDS_UP = 999.5;

const TIME_UNITS = ['ps', 'ns', 'µs', 'ms', 's'];
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const COUNT_UNITS = ['', ' k', ' M', ' G', ' T'];

/** `1.23 ms`; seconds keep their digits beyond a thousand. */
export function formatSeconds(seconds: number): string {
  return seconds === 0 ? '0 s' : withPrefix(seconds * 1e12, TIME_UNITS);
}

/** `16.2 GB`; decimal prefixes, 1 GB = 1e9 bytes. */
export function formatBytes(bytes: number): string {
  return withPrefix(bytes, BYTE_UNITS);
}

const BINARY_UNITS = [
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const;

/** `64 MiB` where that says all of the number, else as `formatBytes`: the size of an array that somebody asked for. */
export function formatArrayBytes(bytes: number): string {
  const [unit, size] = BINARY_UNITS.find(([, step]) => bytes >= step && bytes % step === 0) ?? [];
  return unit === undefined || size === undefined || bytes / size >= THOUSAND ? formatBytes(bytes) : `${bytes / size} ${unit}`;
}

/** `1.05 M`. */
export function formatCount(count: number): string {
  return withPrefix(count, COUNT_UNITS);
}

/** `5.27 %`; a share too small for two decimals keeps its first digit, `0.00004 %` is not zero. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (!Number.isFinite(percent)) return 'not known';
  if (percent === 0) return '0 %';
  return Math.abs(percent) < 0.01 ? `${percent.toExponential(0)} %` : `${percent.toFixed(Math.abs(percent) < 10 ? 2 : 1)} %`;
}

/** `$1,234` or `$12.30`. */
export function formatDollars(dollars: number): string {
  if (!Number.isFinite(dollars)) return 'not known';
  return dollars >= THOUSAND ? `$${commas(String(Math.round(dollars)))}` : `$${dollars.toFixed(2)}`;
}

/** Three significant digits without exponent, thousands parted by commas: `12,300`, `1.18`, `0.00123`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return 'not known';
  if (Number.isInteger(value)) return commas(String(value));
  if (Math.abs(value) >= THOUSAND) return commas(String(Math.round(value)));
  return Math.abs(value) < 1e-6 ? value.toExponential(1) : String(Number(value.toPrecision(DIGITS)));
}

/** A value in the unit of its metric or analytic row. */
export function formatValue(value: number, unit: string): string {
  if (unit === 's') return formatSeconds(value);
  if (unit === 'B') return formatBytes(value);
  if (unit === 'fraction') return formatShare(value);
  if (unit === '$') return formatDollars(value);
  const plain = formatNumber(value);
  return unit === '' || unit === 'ratio' ? plain : `${plain} ${unit}`;
}

/** `value` counts the first of `units`; each further one is a thousand of the one before. */
function withPrefix(value: number, units: readonly string[]): string {
  if (!Number.isFinite(value)) return 'not known';
  let scaled = value;
  let step = 0;
  while (Math.abs(scaled) >= ROUNDS_UP && step < units.length - 1) {
    scaled /= THOUSAND;
    step++;
  }
  const unit = units[step];
  const written = Math.abs(scaled) >= ROUNDS_UP ? commas(String(Math.round(scaled))) : threeDigits(scaled);
  return unit === '' || unit.startsWith(' ') ? written + unit : `${written} ${unit}`;
}

/** Digits stay in line in a column: `1.80`, not `1.8`; a small whole number is a count and keeps no zeros. */
function threeDigits(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(DIGITS);
}

function commas(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Axis labels in one unit per axis, with as many decimals as the distance between two ticks needs. */
export function tickText(value: number, spacing: number, unit: string, top: number): string {
  const { size, suffix } = axisUnit(unit, top);
  const decimals = Math.min(9, Math.max(0, -Math.floor(Math.log10(spacing / size) + 1e-9)));
  const number = (value / size).toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  if (unit === '$') return `$${number}`;
  return suffix === '' ? number : `${number} ${suffix}`;
}

function axisUnit(unit: string, top: number): { readonly size: number; readonly suffix: string } {
  if (unit === 'fraction') return { size: 0.01, suffix: '%' };
  const steps = unit === 's' ? SECONDS : unit === 'B' ? BYTES : [];
  return steps.find((step) => top >= step.size) ?? steps.at(-1) ?? { size: 1, suffix: unit === 'ratio' || unit === 'slots' ? '' : unit };
}

const SECONDS = [
  { size: 1, suffix: 's' },
  { size: 1e-3, suffix: 'ms' },
  { size: 1e-6, suffix: 'µs' },
  { size: 1e-9, suffix: 'ns' },
];

const BYTES = [
  { size: 1e12, suffix: 'TB' },
  { size: 1e9, suffix: 'GB' },
  { size: 1e6, suffix: 'MB' },
  { size: 1e3, suffix: 'kB' },
  { size: 1, suffix: 'B' },
];

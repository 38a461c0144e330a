import type { Issue } from '../base/index.ts';
import { formatValue, METRICS, type Metric } from '../result/index.ts';
import type { Scenario } from '../scenario/index.ts';

/** Metrics outside the bounds that the scenario asserts. */
export function missedAssertions(asserts: Scenario['assert'], metrics: readonly Metric[]): Issue[] {
  return metrics.flatMap(({ name, value }): Issue[] => {
    const bounds = asserts[name];
    if (bounds === undefined) return [];
    const tooLow = bounds.min !== undefined && value < bounds.min;
    const tooHigh = bounds.max !== undefined && value > bounds.max;
    // Written so that NaN, which is neither, misses too.
    if (!tooLow && !tooHigh && !Number.isNaN(value)) return [];
    const [word, bound] = tooHigh ? ['at most', bounds.max] : ['at least', bounds.min];
    return [
      {
        code: 'E_ASSERT',
        path: `assert.${name}`,
        value: `${name} is ${formatValue(value, METRICS[name].unit)}`,
        rule: `must be ${word} ${bound}`,
        remedy: 'change the scenario, or the bound',
      },
    ];
  });
}

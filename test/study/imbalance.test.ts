import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadScenario, parseScenario } from '../../src/intake/index.ts';
import { comparisonCharts } from '../../src/report/comparison-charts.ts';
import { type Comparison, type MetricName, metricValue, variedValueText } from '../../src/result/index.ts';
import { NAMED_LOADS } from '../../src/routing/index.ts';
import { runComparison } from '../../src/study/index.ts';
import { plainExecutor } from '../emulate/support.ts';

const LOADS = Object.keys(NAMED_LOADS);
const TINY = readFileSync('scenarios/tiny.yaml', 'utf8');
const VARY = `vary: { routing.dispatch: [einsum, dropless], load: [${LOADS.map((kind) => `{ kind: ${kind} }`).join(', ')}] }`;
const HOT = ['hot-expert', 'hot-rank', 'spread-hot', 'rotating', 'burst'];

describe('slots that drop beside rows that wait', () => {
  let comparison: Comparison;

  beforeAll(async () => {
    const { variants, chip } = parseScenario('scenarios/tiny.yaml', `${TINY}${VARY}\n`);
    comparison = await runComparison({
      name: 'imbalance',
      question: '',
      variants,
      chip,
      seeds: 1,
      executor: plainExecutor,
      warnings: [],
      provenance: { version: 'test', node: 'test', startedAt: 'test' },
      clock: () => 0,
    });
  });

  function value(dispatch: string, load: string, name: MetricName): number {
    const found = comparison.variants.find(({ vary }) => vary['routing.dispatch'] === dispatch && variedValueText(vary.load) === load);
    return metricValue(found?.metrics ?? [], name) ?? Number.NaN;
  }

  it('is compared in the shipped scenario under every load that has a name', () => {
    const { variants } = loadScenario('scenarios/imbalance.yaml');
    const seen = variants.map(({ vary }) => `${vary['routing.dispatch']} ${variedValueText(vary.load)}`);
    expect(new Set(seen)).toEqual(new Set(['einsum', 'dropless'].flatMap((way) => LOADS.map((kind) => `${way} ${kind}`))));
  });

  it('with slots every step takes as long, nobody waits, and what is hot is dropped', () => {
    const steps = new Set(LOADS.map((kind) => value('einsum', kind, 'stepSeconds')));
    expect(steps.size).toBe(1);
    for (const kind of LOADS) expect(value('einsum', kind, 'waitSeconds')).toBe(0);
    for (const kind of HOT) expect(value('einsum', kind, 'droppedTokenFraction')).toBeGreaterThan(0.01);
    expect(value('einsum', 'balanced', 'droppedTokenFraction')).toBe(0);
  });

  it('without slots nothing is dropped, and the others wait for a hot device for as long as the step gets longer, or less', () => {
    const even = value('dropless', 'balanced', 'stepSeconds');
    expect(value('dropless', 'balanced', 'waitSeconds')).toBeCloseTo(0, 9);
    for (const kind of LOADS) expect(value('dropless', kind, 'droppedTokenFraction')).toBe(0);
    for (const kind of ['hot-expert', 'hot-rank', 'rotating']) {
      const waited = value('dropless', kind, 'waitSeconds');
      expect(waited).toBeGreaterThan(0);
      expect(value('dropless', kind, 'stepSeconds')).toBeGreaterThan(even);
      expect(value('dropless', 'spread-hot', 'waitSeconds')).toBeLessThan(waited);
    }
  });

  it('draws both beside each other, load by load, and waiting only where somebody waits', () => {
    const charts = comparisonCharts(comparison);
    const [waiting] = charts.filter(({ id }) => id === 'compare-waitSeconds').flatMap(({ views }) => views);
    expect(waiting.table.columns.map(({ label }) => label)).toEqual(['load', 'einsum', 'dropless']);
    expect(waiting.table.rows.map(([load]) => load)).toEqual(LOADS);
    for (const [load, padded, dropless] of waiting.table.rows) {
      expect([padded, dropless]).toEqual(['einsum', 'dropless'].map((way) => value(way, String(load), 'waitSeconds')));
    }
    const padded = { ...comparison, variants: comparison.variants.slice(0, LOADS.length) };
    const ids = comparisonCharts(padded).map(({ id }) => id);
    expect(ids).toContain('compare-stepSeconds');
    expect(ids).not.toContain('compare-waitSeconds');
  });
});

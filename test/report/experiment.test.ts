import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CurvesView } from '../../src/report/chart-spec.ts';
import { dropCurves, lossCurves } from '../../src/report/experiment/curves.ts';
import { renderPage } from '../../src/report/index.ts';
import type { ExperimentResult } from '../../src/result/index.ts';

const stored = readdirSync('data/experiments').map(
  (file) => JSON.parse(readFileSync(join('data/experiments', file), 'utf8')) as ExperimentResult,
);
const one = (name: string): ExperimentResult => stored.find((result) => result.name === name) ?? stored[0];

describe('the page of an experiment', () => {
  it.each(stored.map((result) => [result.name, result] as const))(
    '%s tells every line from every other, and shows all its points',
    (_, result) => {
      const { variants } = result;
      const view = lossCurves(result)?.views[0] as CurvesView;
      expect(view.series).toHaveLength(variants.length);
      expect(new Set(view.series.map(({ role, dashed }) => `${role} ${dashed}`)).size).toBe(variants.length);
      for (const [i, { column }] of view.series.entries()) {
        const shown = view.table.rows.filter((row) => typeof row[column] === 'number');
        expect(shown).toHaveLength(variants[i].runs[0].curve.losses.length);
      }
    },
  );

  it('names all of a few last points, and the ends of many', () => {
    expect(dropCurves(one('initialisation'))?.views[0].finding).toMatch(
      /^Means over 5 seeds; the last points are [\d.]+ % \(scale \d\.\d\), [\d.]+ % \(scale \d\.\d\)\.$/,
    );
    expect(dropCurves(one('capacity-and-drops'))?.views[0].finding).toMatch(
      /the last points go from [\d.]+ % \(groups of 512, aux 0\.01, cf 2\.0\) to [\d.]+ % \(groups of 64, aux 0, cf 1\.0\)/,
    );
  });

  it('has the verdict on every claim in words', () => {
    for (const result of stored) {
      const page = renderPage({ results: [], experiments: [result], script: { text: '', sha256Base64: `${'A'.repeat(43)}=` } });
      for (const { verdict } of result.claims) expect(page).toContain(verdict);
      for (const { name } of result.variants) expect(page).toContain(name);
    }
  });
});

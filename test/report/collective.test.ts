import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeLinks } from '../../src/explorer/link-places.ts';
import { placeCells } from '../../src/explorer/plane-places.ts';
import { coordinatesOf } from '../../src/hardware/index.ts';
import { collectiveArticle } from '../../src/report/collective/article.ts';
import { type ChartSpec, type LinksView, type PlanesView, renderPage } from '../../src/report/index.ts';
import type { CollectiveResult } from '../../src/result/index.ts';
import { resultOn } from '../study/collective-input.ts';

const SCRIPT = { text: 'document.title;', sha256Base64: 'A'.repeat(43).concat('=') };

function skewed(members: number): Float64Array {
  return Float64Array.from({ length: members * members }, (_, i) => 1 + (((i % members) * 7919) % 1000));
}

const RESULTS: Readonly<Record<string, CollectiveResult>> = {
  uniform: resultOn('tpu-v4:4x4x8'),
  twisted: resultOn('tpu-v4:4x4x8_twisted'),
  skewed: resultOn('torus:4x4', { traffic: skewed(16) }),
  damaged: resultOn('tpu-v4:4x4x4', {}, { brokenLinks: [[0, 1]], slowLinks: [{ between: [4, 8], factor: 2 }] }),
  slices: resultOn('tpu-v4:2x2x4*2', { op: 'all-reduce' }),
  'two devices per chip': resultOn('tpu-v3:4x4', { op: 'all-gather', axes: [0] }),
  line: resultOn('line:5', { op: 'broadcast', root: 2 }),
  alone: resultOn('tpu-v5e:1x1'),
  pod: resultOn('torus:8x8x8', {}, { brokenLinks: [[3, 4]] }),
  'two slices of many chips': resultOn('tpu-v5e:16x16*2'),
};

function chart(result: CollectiveResult, id: string): ChartSpec {
  const found = collectiveArticle(result, 'w').figures[`w-${id}`];
  if (found === undefined) throw new Error(`no chart ${id}`);
  return found;
}

describe.each(Object.entries(RESULTS))('the page of %s', (name, result) => {
  const { body, figures } = collectiveArticle(result, 'w0');

  test('says nothing that is not known, and links to what is there', () => {
    expect(body.html).not.toMatch(/NaN|undefined|Infinity|\[object/);
    if (name !== 'alone') expect(body.html).not.toMatch(/not known/);
    const ids = [...body.html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of body.html.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
  });

  test('has pictures whose numbers stand in their tables', () => {
    expect(Object.keys(figures).length).toBe(name === 'alone' ? 0 : 3);
    for (const spec of Object.values(figures)) {
      for (const view of spec.views) {
        expect(view.finding).not.toMatch(/NaN|undefined|not known|Infinity/);
        expect(view.table.rows.length).toBeGreaterThan(0);
        for (const row of view.table.rows) {
          expect(row).toHaveLength(view.table.columns.length);
          for (const cell of row) if (typeof cell === 'number') expect(Number.isFinite(cell)).toBe(true);
        }
      }
    }
  });

  test('is small', () => {
    expect(renderPage({ results: [], collectives: [result], script: SCRIPT }).length).toBeLessThan(2e6);
  });
});

test('the page of a whole pod of 9,216 chips is less than 2 MB, script not counted', () => {
  const result = resultOn('torus:16x24x24');
  expect(result.links.count).toBe(55_296);
  expect(renderPage({ results: [], collectives: [result], script: SCRIPT }).length).toBeLessThan(1.7e6);
});

test('names in a result stay text', () => {
  const hostile = '</script><script>alert(1)</script><img src=x onerror=alert(2)>"\'&';
  const page = renderPage({ results: [], collectives: [{ ...RESULTS.uniform, topology: hostile, op: hostile }], script: SCRIPT });
  expect(page).not.toMatch(/<script>alert|<img/);
});

describe('the map of links', () => {
  test('has an arrow for every directed link of few chips, and one for every broken one', () => {
    for (const result of [RESULTS.uniform, RESULTS.twisted, RESULTS.damaged, RESULTS.slices, RESULTS.line]) {
      const { views } = chart(result, 'link-map');
      const rows = views.flatMap((view) => view.table.rows);
      const between = result.links.rows.filter(({ kind }) => kind === 'ici');
      expect(rows.filter((row) => typeof row[5] === 'number').map((row) => row[5])).toEqual(between.map(({ utilisation }) => utilisation));
      expect(rows.filter((row) => row[5] === 'broken').length).toBe(result.brokenLinks.length);
      for (const view of views) expect(placeLinks(view as LinksView).arrows.length).toBe(view.table.rows.length);
    }
  });

  test('draws a wire around the ring as a stub, wherever a twist lets it end', () => {
    for (const name of ['torus:2x2x4_twisted', 'tpu-v4:4x4x8_twisted', 'torus:2x2']) {
      const result = resultOn(name);
      const { shape } = result.wires;
      const view = chart(result, 'link-map').views[0] as LinksView;
      for (const { row, from, to } of placeLinks(view).arrows) {
        const [chip, , axis, direction] = view.table.rows[row];
        const along = ['x', 'y', 'z'].indexOf(String(axis));
        const at = coordinatesOf(shape, Number(chip))[along];
        const around = Number(direction) > 0 ? at === shape[along] - 1 : at === 0;
        const length = Math.hypot(to.x - from.x, to.y - from.y);
        if (along < 2 && around) expect(length).toBeCloseTo(30, 6);
        if (along === 0) expect(Math.sign(to.x - from.x)).toBe(Number(direction));
        if (along === 1) expect(Math.sign(to.y - from.y)).toBe(Number(direction));
      }
    }
  });

  test('of many chips has one cell per chip and direction, empty at an open end, marked where a wire is broken', () => {
    const view = chart(RESULTS.pod, 'link-map').views[0] as PlanesView;
    expect(view.kind).toBe('planes');
    expect(view.table.rows.length).toBe(512);
    const cells = view.table.rows.flatMap((row) => row.slice(1));
    expect(cells.filter((cell) => typeof cell === 'number').length).toBe(RESULTS.pod.links.count);
    expect(cells.filter((cell) => cell === 'broken').length).toBe(2);
    expect(view.table.rows[3][1]).toBe('broken');
    expect(view.table.rows[4][2]).toBe('broken');
    const open = chart(resultOn('mesh:32x16', { op: 'broadcast' }), 'link-map').views[0];
    expect(open.table.rows[31][1]).toBe('');
    expect(typeof open.table.rows[31][2]).toBe('number');
  });
});

test('the histogram counts every directed link once', () => {
  for (const result of Object.values(RESULTS).filter(({ links }) => links.count > 0)) {
    const { rows } = chart(result, 'use-histogram').views[0].table;
    expect(rows.flatMap((row) => row.slice(1)).reduce((sum: number, count) => sum + Number(count), 0)).toBe(result.links.count);
  }
});

test('bars of time show the bound, and each routing where there are several', () => {
  const { rows } = chart(RESULTS.skewed, 'times').views[0].table;
  for (const { routing, seconds } of RESULTS.skewed.routings) expect(rows).toContainEqual([`idle wires, ${routing}`, seconds]);
  expect(rows).toContainEqual(['lower bound of the wires', RESULTS.skewed.lowerBoundSeconds]);
});

test('cells of planes stand apart, and each finds its chip again', () => {
  const side = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(fc.array(side, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 3 }), (shape, slices) => {
      const places = placeCells({ shape, slices });
      const chips = shape.reduce((product, n) => product * n, 1) * slices;
      const seen = new Set<string>();
      for (let chip = 0; chip < chips; chip++) {
        const { x, y } = places.cellOf(chip);
        expect(x >= 0 && x < places.columns && y >= 0 && y < places.rows).toBe(true);
        expect(places.chipAt(x, y)).toBe(chip);
        seen.add(`${x},${y}`);
      }
      expect(seen.size).toBe(chips);
      let found = 0;
      for (let x = -1; x <= places.columns; x++) for (let y = -1; y <= places.rows; y++) if (places.chipAt(x, y) !== null) found++;
      expect(found).toBe(chips);
    }),
    { seed: 3, numRuns: 100 },
  );
});

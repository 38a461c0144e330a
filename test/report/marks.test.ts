import type { Chart } from 'chart.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beside, endValues } from '../../src/explorer/marks.ts';
import { nameLines } from '../../src/explorer/name-lines.ts';
import type { Paint } from '../../src/explorer/theme.ts';
import type { BarsView } from '../../src/report/index.ts';

const view: BarsView = {
  kind: 'bars',
  label: 'HBM peak',
  finding: '',
  table: {
    columns: ['', 'a', 'b'].map((label) => ({ label, unit: 'B' })),
    rows: [
      ['1', 12e9, 13.5e9],
      ['2', 14e9, 125e9],
    ],
  },
  direction: 'vertical',
  stacked: false,
  category: 0,
  categoryAxis: '',
  valueAxis: { label: 'HBM peak', unit: 'B' },
  series: [
    { column: 1, role: 'series0' },
    { column: 2, role: 'series1' },
  ],
  references: [],
};

/** What is written over bars that stand `apart` pixels from each other, at 6 pixels per letter. */
function written(of: BarsView, apart: number): string[] {
  const texts: string[] = [];
  const chart = {
    ctx: {
      save: () => undefined,
      restore: () => undefined,
      measureText: (text: string) => ({ width: 6 * text.length }),
      fillText: (text: string) => texts.push(text),
    },
    options: {},
    scales: { x: { getPixelForValue: (value: number) => value }, y: { getPixelForValue: (value: number) => value } },
    getDatasetMeta: (series: number) => ({ data: [0, 1].map((row) => ({ x: apart * (2 * row + series), y: 0 })) }),
  } as unknown as Chart;
  const plugin = endValues(of, { page: { ink: '#000' } } as unknown as Paint);
  plugin.afterDatasetsDraw?.(chart, {}, {}, false);
  return texts;
}

describe('values at the ends of bars', () => {
  const all = ['12 GB', '13.5 GB', '14 GB', '125 GB'];

  // The longest, 13.5 GB, is 42 pixels wide.
  it('are written where each has room beside the next, and else not at all', () => {
    expect(written(view, 46)).toEqual(all);
    expect(written(view, 45)).toEqual([]);
  });

  it('of lying bars have their own line and always stand', () => {
    expect(written({ ...view, direction: 'horizontal' }, 10)).toEqual(all);
  });

  it('of stacks are one for each', () => {
    expect(written({ ...view, stacked: true }, 40)).toEqual(['25.5 GB', '139 GB']);
  });
});

describe('a value beside a dashed line', () => {
  it('stands where it stood when no line runs through it, and behind the line else', () => {
    expect(beside(100, 40, [])).toBe(100);
    expect(beside(100, 40, [80, 160])).toBe(100);
    expect(beside(100, 40, [120])).toBe(124);
    expect(beside(100, 40, [150, 120])).toBe(154);
  });
});

describe('a name in lines', () => {
  it('is whole where it fits, and broken where words end', () => {
    expect(nameLines('switch-top1', 20)).toEqual(['switch-top1']);
    expect(nameLines('domain expertsPerDomain=16', 20)).toEqual(['domain', 'expertsPerDomain=16']);
    expect(nameLines('no-token-left-behind', 12)).toEqual(['no-token-', 'left-behind']);
    expect(nameLines('', 12)).toEqual(['']);
  });

  it('loses no letter up to four lines, and says when it does', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z=,-]{1,80}$/), fc.integer({ min: 4, max: 40 }), (name, longest) => {
        const lines = nameLines(name, longest);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(longest);
        expect(lines.length).toBeLessThanOrEqual(4);
        if (!lines.at(-1)?.endsWith('…')) expect(lines.join('')).toBe(name);
      }),
    );
    expect(nameLines('abcdefghijklmnopq', 4)).toEqual(['abcd', 'efgh', 'ijkl', 'mno…']);
  });
});

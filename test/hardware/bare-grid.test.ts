import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBareGrid } from '../../src/hardware/index.ts';

const side = fc.integer({ min: 1, max: 9_999_999 });

describe('bare grids', () => {
  test('say their sides, whether they close, twist and slices', () => {
    const kinds = fc.constantFrom(['torus', true, 3], ['mesh', false, 3], ['ring', true, 1], ['line', false, 1] as const);
    const shape = fc.array(side, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(kinds, shape, fc.boolean(), fc.integer({ min: 1, max: 99 }), ([kind, closed, most], all, twisted, slices) => {
        const sides = all.slice(0, Number(most));
        const text = `${kind}:${sides.join('x')}${twisted ? '_twisted' : ''}${slices > 1 ? `*${slices}` : ''}`;
        expect(parseBareGrid(text.toUpperCase())?.grid).toEqual({
          name: text,
          shape: sides,
          wrap: sides.map(() => closed),
          twisted,
          slices,
        });
      }),
      { seed: 51 },
    );
  });

  test.each([
    'torus',
    'torus:',
    'torus:8x',
    'torus:x8',
    'torus:0x4',
    'torus:-4',
    'torus:4.5',
    'torus:4x4x4x4',
    'torus 4x4',
    'ring8',
    'ring:8x8',
    'line:',
    'mesh:8y8',
    'mesh:99999999',
  ])('%s is malformed', (text) => {
    const issue = parseBareGrid(text, 'here')?.issue;
    expect(issue).toMatchObject({ code: 'E_GRID', path: 'here', value: JSON.stringify(text) });
    expect(issue?.remedy).toMatch(/^write (torus|mesh|ring|line):\d/);
  });

  test.each(['tpu-v5p:4x4x4', 'v3-32', 'v5litepod-256', 'tori:4x4', 'a pod please', ''])('%j is none', (text) => {
    expect(parseBareGrid(text)).toBeNull();
  });
});

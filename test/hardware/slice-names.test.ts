import { describe, expect, test } from 'vitest';
import { checkShape, parseSliceName } from '../../src/hardware/index.ts';

test.each([
  ['tpu-v3:4x4', 'tpu-v3', [4, 4]],
  ['v3-32', 'tpu-v3', [4, 4]],
  ['v3-256', 'tpu-v3', [8, 16]],
  ['v2-8', 'tpu-v2', [2, 2]],
  ['v5litepod-256', 'tpu-v5e', [16, 16]],
  ['v5e-32', 'tpu-v5e', [4, 8]],
  ['v6e-256', 'tpu-v6e', [16, 16]],
  ['v4-8', 'tpu-v4', [2, 2, 1]],
  ['v5p-128', 'tpu-v5p', [4, 4, 4]],
  ['v5p-12288', 'tpu-v5p', [16, 16, 24]],
  ['tpu7x-4x4x8', 'tpu-v7', [4, 4, 8]],
  ['tpu-v7:4x4x4', 'tpu-v7', [4, 4, 4]],
])('%s is %s of %j chips', (name, chip, shape) => {
  expect(parseSliceName(name).slice).toEqual({ chip, shape, twisted: false, slices: 1 });
});

describe('refusals say what the name counts and what to write', () => {
  test.each([
    ['v3-31', 'E_TOPOLOGY_COUNT', /v3-N counts TensorCores, 2 per chip: v3-31 means 15.5 chips/, /tpu-v3:4x4/],
    ['v6e-12', 'E_TOPOLOGY_COUNT', /v6e-N counts chips/, /tpu-v6e:4x4/],
    ['tpu7x-64', 'E_TOPOLOGY_COUNT', /chips in some tools and TensorCores in others/, /tpu-v7:4x4x4/],
    ['v5pp-8', 'E_TOPOLOGY_CHIP', /must be one of v2, v3/, /did you mean v5p\?/],
    ['tpu-v3:4x4x4', 'E_TOPOLOGY_SHAPE', /tpu-v3 needs 2 sides/, /tpu-v3:4x4/],
    ['tpu-v3:0x4', 'E_TOPOLOGY_SHAPE', /at least 1/, /tpu-v3:4x4/],
    ['a pod please', 'E_TOPOLOGY_NAME', /chip:sides/, /tpu-v3:4x4/],
  ])('%s', (name, code, rule, remedy) => {
    const { issue } = parseSliceName(name, 'topology');
    expect(issue?.code).toBe(code);
    expect(issue?.path).toBe('topology');
    expect(issue?.value).toContain(name);
    expect(issue?.rule).toMatch(rule);
    expect(issue?.remedy).toMatch(remedy);
  });
});

describe('shapes', () => {
  const v3 = { name: 'tpu-v3', iciDimensions: 2, podShape: [32, 32], wrapRule: { kind: 'side', sides: [32] } } as const;
  const v5p = { name: 'tpu-v5p', iciDimensions: 3, podShape: [16, 20, 28], wrapRule: { kind: 'cubes', multiple: 4 } } as const;
  const codes = (chip: typeof v3 | typeof v5p, shape: number[]) => checkShape(chip, shape).map((issue) => issue.code);

  test('fixed wires bound every side, cubes the number of chips', () => {
    expect(codes(v3, [16, 32])).toEqual([]);
    expect(codes(v3, [8, 64])).toEqual(['E_TOPOLOGY_POD']);
    expect(codes(v5p, [4, 4, 64])).toEqual([]);
    expect(codes(v5p, [32, 32, 32])).toEqual(['E_TOPOLOGY_POD']);
  });

  test('the number of sides and their signs', () => {
    expect(codes(v3, [4, 4, 4])).toEqual(['E_TOPOLOGY_SHAPE']);
    expect(codes(v5p, [4, 4, 2.5])).toEqual(['E_TOPOLOGY_SHAPE']);
  });
});

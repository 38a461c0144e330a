import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { checkShape, chipCount, defaultWrap, LinkKind, twistOf } from '../../src/hardware/index.ts';
import { BARE_GRID_CHIP, chipNames, findChip, resolveWires, sliceFileNames, type WireOptions } from '../../src/intake/index.ts';

function chipOf(name: string) {
  const found = findChip(name, 'topology');
  if ('issue' in found) throw new Error(found.issue.rule);
  return found.chip;
}

function issuesOf(name: string, options: WireOptions = {}) {
  try {
    resolveWires(name, options);
  } catch (error) {
    if (error instanceof InputError) return error.issues;
    throw error;
  }
  return [];
}

describe('names of wires', () => {
  test.each([
    ['torus:16x16x16', 'torus:16x16x16', null, 4096, 24_576],
    ['MESH:8x8', 'mesh:8x8', null, 64, 224],
    ['ring:64', 'ring:64', null, 64, 128],
    ['line:8', 'line:8', null, 8, 14],
    ['torus:4x4x8_twisted', 'torus:4x4x8_twisted', null, 128, 768],
    ['v5p-128', 'tpu-v5p:4x4x4', 'tpu-v5p', 64, 384],
    ['v4-4096', 'tpu-v4:8x16x16', 'tpu-v4', 2048, 12_288],
    ['v5litepod-256', 'tpu-v5e:16x16', 'tpu-v5e', 256, 1024],
    ['v6e-128', 'tpu-v6e:8x16', 'tpu-v6e', 128, 480],
    ['tpu7x-4x4x8', 'tpu-v7:4x4x8', 'tpu-v7', 128, 768],
    ['tpu-v3-4x4', 'tpu-v3:4x4', 'tpu-v3', 16, 48],
    ['tpu-v4:4x4x8_twisted', 'tpu-v4:4x4x8_twisted', 'tpu-v4', 128, 768],
    ['v4-256_twisted', 'tpu-v4:4x4x8_twisted', 'tpu-v4', 128, 768],
    ['tpu-v4:4x4x8_twisted*2', 'tpu-v4:4x4x8_twisted*2', 'tpu-v4', 256, 1536],
    ['v5litepod-16*3', 'tpu-v5e:4x4*3', 'tpu-v5e', 48, 144],
  ])('%s is %s', (name, canonical, chipName, chips, links) => {
    const { topology, chip } = resolveWires(name);
    expect([topology.name, chip?.name ?? null, topology.chips]).toEqual([canonical, chipName, chips]);
    expect(topology.links.kind.filter((kind) => kind === LinkKind.ici)).toHaveLength(links);
    expect(resolveWires(topology.name).topology).toEqual(topology);
  });

  test('bare grids have the links, hops and hosts of the chip that is documented, and one device per chip', () => {
    const chip = chipOf(BARE_GRID_CHIP);
    const { topology } = resolveWires('torus:4x4*2');
    expect(topology).toMatchObject({ devicesPerChip: 1, hopLatencySeconds: chip.hopLatencySeconds, chipName: 'none' });
    expect(topology.links.bytesPerSecond[0]).toBe(chip.iciLinkBytesPerSecond);
    expect(topology.hosts).toMatchObject({ count: 8, chipsPerHost: chip.chipsPerHost, latencySeconds: chip.dcnLatencySeconds });
  });

  test('options override the name', () => {
    const { topology } = resolveWires('ring:4', { slices: 2, wrap: 'open', linkBytesPerSecond: 50e9, hopLatencySeconds: 5e-7 });
    expect(topology).toMatchObject({ name: 'ring:4*2', wrap: [false], slices: 2, hopLatencySeconds: 5e-7 });
    expect(topology.links.bytesPerSecond[0]).toBe(50e9);
    expect(resolveWires('tpu-v4:4x4x8', { twisted: true }).topology.twist).toEqual(twistOf([4, 4, 8]));
    expect(resolveWires('tpu-v4:4x4x8_twisted', { twisted: false }).topology.name).toBe('tpu-v4:4x4x8');
    expect(resolveWires('tpu-v4:4x4x4').topology.hosts).toBeNull();
    expect(resolveWires('tpu-v4:4x4x4', { withHosts: true }).topology.hosts?.count).toBe(16);
    expect(resolveWires('mesh:4x4', { brokenLinks: [[0, 1]] }).topology.uniform).toBe(false);
  });

  test('every shipped slice has the hosts that its note says', () => {
    for (const name of sliceFileNames()) {
      const { topology, chip } = resolveWires(name, { withHosts: true });
      expect(topology.hosts?.count, name).toBe(Math.max(1, topology.chips / (chip?.chipsPerHost ?? 0)));
    }
  });
});

describe.each(chipNames())('any shape of %s', (name) => {
  const chip = chipOf(name);
  const lengths = [1, 2, 3, 4, 5, 8, 12, 16, 24, 32, 64];
  const shapes = [1, 2, 3].flatMap((count) =>
    new Array(count)
      .fill(lengths)
      .reduce<number[][]>((all, next: number[]) => all.flatMap((shape) => next.map((side) => [...shape, side])), [[]]),
  );

  test('is built as its generation wires it, or refused with a rule and a remedy', () => {
    let built = 0;
    let refused = 0;
    for (const shape of shapes) {
      const text = `${name}:${shape.join('x')}`;
      const twisted = chipCount(shape) % 3 === 0;
      if (shape.length === chip.iciDimensions && checkShape(chip, shape).length === 0) {
        const wrap = defaultWrap(chip, shape);
        const fits = !twisted || (twistOf(shape) !== null && wrap.every(Boolean));
        if (fits && chipCount(shape) > 4096) continue;
        if (fits) {
          built++;
          const { topology } = resolveWires(twisted ? `${text}_twisted` : text);
          expect(topology.chips).toBe(chipCount(shape));
          expect(topology.wrap).toEqual(wrap);
          expect(topology.links.count).toBe(
            shape.reduce((sum, side, axis) => sum + (side === 1 ? 0 : (2 * topology.chips * (wrap[axis] ? side : side - 1)) / side), 0),
          );
        } else {
          refused++;
          expect(issuesOf(`${text}_twisted`).map(({ code }) => code)).toEqual(['E_TWIST']);
        }
      } else {
        refused++;
        const [issue, ...others] = issuesOf(text);
        expect(others).toEqual([]);
        expect(issue.code).toMatch(/^E_TOPOLOGY_(SHAPE|POD)$/);
        expect(issue.remedy.length).toBeGreaterThan(5);
      }
    }
    expect([built > 20, refused > 20]).toEqual([true, true]);
  });
});

describe('refusals', () => {
  test.each([
    ['ring:8x8', {}, 'E_GRID'],
    ['torus:4x4_twisted', {}, 'E_TWIST'],
    ['mesh:4x4*0', {}, 'E_SLICES'],
    ['tpu-v3:4x4', { slices: 0 }, 'E_SLICES'],
    ['tpu-v4:4x4x8', { twisted: true, wrap: 'open' }, 'E_TWIST'],
    ['tpu-v4:2x2x8', {}, 'E_TOPOLOGY_SHAPE'],
    ['tpu-v4:32x32x32', {}, 'E_TOPOLOGY_POD'],
    ['v5p-7', {}, 'E_TOPOLOGY_COUNT'],
    ['tpu-v9:4x4', {}, 'E_TOPOLOGY_NAME'],
    ['v5x-16', {}, 'E_TOPOLOGY_CHIP'],
    ['mesh:4x4', { wrap: [true] }, 'E_WRAP'],
    ['mesh:4x4', { brokenLinks: [[0, 15]] }, 'E_LINK'],
    ['line:4', { brokenLinks: [[1, 2]] }, 'E_LINKS_CUT'],
  ] as const)('%s with %j: %s', (name, options, code) => {
    expect(issuesOf(name, options).map((issue) => issue.code)).toEqual([code]);
  });
});

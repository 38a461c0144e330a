import { describe, expect, it } from 'vitest';
import {
  along,
  createMesh,
  groupName,
  groupSize,
  holdersOfHeads,
  MESH_AXES,
  meshCoordinate,
  meshDevices,
  meshGroups,
  shardsOf,
} from '../../src/layout/index.ts';
import { layoutOf } from '../program/hand-units.ts';

describe('mesh', () => {
  const sizes = layoutOf({ ici: { data: 2, tensor: 4 } });
  const mesh = createMesh(sizes, { shape: [8], devicesPerChip: 1 });
  const groups = (axis: 'data' | 'tensor'): number[][] => meshGroups(mesh, along(axis)).map((group) => Array.from(group));

  it('groups devices that differ in one coordinate only, the last axis fastest', () => {
    expect(meshDevices(sizes)).toBe(8);
    expect(groups('data')).toEqual([
      [0, 4],
      [1, 5],
      [2, 6],
      [3, 7],
    ]);
    expect(groups('tensor')).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
  });

  it.each(MESH_AXES)('puts every device into exactly one group of axis %s', (axis) => {
    const all = createMesh(layoutOf({ ici: { data: 2, fsdp: 2, tensor: 2, pipeline: 2 } }), { shape: [4, 4], devicesPerChip: 1 });
    const members = meshGroups(all, along(axis)).flatMap((group) => Array.from(group));
    expect(members.sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, device) => device));
  });

  it('counts coordinates over slices, those of a lower slice first', () => {
    const layout = { ...layoutOf({ ici: { data: 4 } }), dcn: { ...sizes.dcn, data: 2 } };
    const two = createMesh(layout, { shape: [4], devicesPerChip: 1 });
    expect(Array.from({ length: 8 }, (_, device) => meshCoordinate(two, 'data', device))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(meshGroups(two, { ici: ['data'], dcn: [] })).toHaveLength(2);
    expect(meshGroups(two, { ici: [], dcn: ['data'] })).toHaveLength(4);
  });

  it('names groups by their axes, and says where only a part of an axis is meant', () => {
    expect(groupName(along('fsdp', 'expert'))).toBe('fsdp+expert');
    expect(groupName({ ici: ['data'], dcn: [] })).toBe('data (slice)');
    expect(groupName({ ici: [], dcn: ['data'] })).toBe('data (slices)');
    expect(groupName(holdersOfHeads(2))).toBe('tensor (same heads)');
  });
});

describe('members of the tensor axis with the same heads', () => {
  it.each([2, 3, 4, 6, 12])('are %i side by side: a grid of chips within one group of the axis', (members) => {
    const layout = layoutOf({ ici: { data: 2, tensor: 12 } });
    const mesh = createMesh(layout, { shape: [4, 3, 2], devicesPerChip: 1 });
    const whole = meshGroups(mesh, along('tensor'));
    const groups = meshGroups(mesh, holdersOfHeads(members));
    expect(groupSize(layout, holdersOfHeads(members))).toBe(members);
    expect(groups.map(({ length }) => length)).toEqual(Array.from({ length: 24 / members }, () => members));
    expect(new Set(groups.flatMap((group) => Array.from(group))).size).toBe(24);
    for (const group of groups) {
      expect(whole.filter((all) => group.every((device) => all.includes(device)))).toHaveLength(1);
      const sides = [1, 4, 12].map(
        (stride, axis) => new Set(Array.from(group, (device) => Math.floor(device / stride) % [4, 3, 2][axis])).size,
      );
      expect(sides.reduce((product, side) => product * side, 1)).toBe(members);
    }
  });
});

describe('shards', () => {
  it('cut the batch by data, fsdp and expert, and experts by their axis', () => {
    const layout = layoutOf({ ici: { data: 2, fsdp: 4, expert: 8, context: 2 }, expertsOver: 'expert' });
    expect(shardsOf(layout)).toEqual({ batch: 64, context: 2, experts: 8, expertGroup: along('expert') });
  });

  it('hold all experts on every device when they are over none', () => {
    expect(shardsOf(layoutOf({ ici: { data: 32 } }))).toEqual({ batch: 32, context: 1, experts: 1, expertGroup: null });
  });
});

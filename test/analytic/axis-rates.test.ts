import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collectiveSeconds, type MeshRates, meshRates } from '../../src/analytic/axis-rates.ts';
import { planTimes } from '../../src/analytic/collective-time.ts';
import { fullestWire } from '../../src/analytic/group-shape.ts';
import { COLLECTIVES, type CollectiveKind } from '../../src/collectives/index.ts';
import { sliceTopology, type Topology, type TopologySpec, wireSpecOf } from '../../src/hardware/index.ts';
import {
  along,
  createMesh,
  groupSize,
  holdersOfHeads,
  type MeshGroup,
  type MeshSizes,
  meshCoordinate,
  meshGroups,
} from '../../src/layout/index.ts';
import { anyMesh, chipOf } from './meshes.ts';

const KINDS: readonly CollectiveKind[] = ['all-gather', 'reduce-scatter', 'all-reduce', 'all-to-all'];

/** Axes that lowering uses alone or together. */
const GROUPS: readonly MeshGroup[] = [
  ...(['data', 'fsdp', 'context', 'tensor', 'expert'] as const).map((axis) => along(axis)),
  along('fsdp', 'context', 'expert'),
  along('data', 'fsdp', 'context', 'expert'),
  { ici: ['data'], dcn: [] },
  { ici: [], dcn: ['data'] },
];

function plannedSeconds(kind: CollectiveKind, topology: Topology, mesh: MeshSizes, group: MeshGroup, bytes: number): number {
  const groups = meshGroups(createMesh(mesh, topology), group);
  const plans = groups.map((devices) => COLLECTIVES[kind].plan({ topology, devices, bytes }));
  return planTimes(plans, topology).together.seconds;
}

describe('rates of the groups of a mesh', () => {
  test('are the times of the plans of all groups, on every slice and however its devices are dealt out', () => {
    let compared = 0;
    fc.assert(
      fc.property(anyMesh(128), fc.constantFrom(...KINDS), fc.constantFrom(1e3, 1e8), ({ chip, spec, ici, dcn }, kind, bytes) => {
        const topology = sliceTopology(chip, spec);
        const rates: MeshRates = meshRates(wireSpecOf(chip, spec), { ici, dcn });
        const ofHeads = Array.from({ length: ici.tensor }, (_, i) => i + 1).filter(
          (members) => members < ici.tensor && ici.tensor % members === 0,
        );
        for (const group of [...GROUPS, ...ofHeads.map(holdersOfHeads)]) {
          if (groupSize({ ici, dcn }, group) === 1) continue;
          const planned = plannedSeconds(kind, topology, { ici, dcn }, group, bytes);
          const seconds = collectiveSeconds(rates.rate(kind, group), bytes);
          expect(Math.abs(seconds / planned - 1), `${kind} along ${group.ici.join()} | ${group.dcn.join()}`).toBeLessThan(1e-9);
          compared++;
        }
      }),
      { numRuns: 60, seed: 6 },
    );
    expect(compared).toBeGreaterThan(150);
  });

  test('of one stage of a pipeline are the times of the plans of its groups alone', () => {
    let quicker = 0;
    fc.assert(
      fc.property(anyMesh(128), fc.constantFrom(...KINDS), fc.constantFrom(1e3, 1e8), ({ chip, spec, ici, dcn }, kind, bytes) => {
        if (ici.pipeline === 1 || spec.slices > 1 || spec.twisted === true) return;
        const topology = sliceTopology(chip, spec);
        const mesh = createMesh({ ici, dcn }, topology);
        const wires = wireSpecOf(chip, spec);
        const [rates, together] = [meshRates(wires, { ici, dcn }, true), meshRates(wires, { ici, dcn })];
        for (const group of GROUPS) {
          if (groupSize({ ici, dcn }, group) === 1) continue;
          const own = meshGroups(mesh, group).filter(([first]) => meshCoordinate(mesh, 'pipeline', first) === 0);
          const plans = own.map((devices) => COLLECTIVES[kind].plan({ topology, devices, bytes }));
          const seconds = collectiveSeconds(rates.rate(kind, group), bytes);
          expect(Math.abs(seconds / planTimes(plans, topology).together.seconds - 1), `${kind} along ${group.ici.join()}`).toBeLessThan(
            1e-9,
          );
          if (seconds < 0.9 * collectiveSeconds(together.rate(kind, group), bytes)) quicker++;
        }
      }),
      { numRuns: 60, seed: 7 },
    );
    expect(quicker).toBeGreaterThan(5);
  });

  test('of wires that are broken are those of the plans round them', () => {
    const chip = chipOf('tpu-v3');
    const spec: TopologySpec = { chip: 'tpu-v3', shape: [4, 4], wrap: [false, false], slices: 1, slowDevices: [], brokenLinks: [[0, 1]] };
    const mesh = {
      ici: { data: 8, pipeline: 1, fsdp: 1, context: 1, tensor: 4, expert: 1 },
      dcn: { data: 1, pipeline: 1, fsdp: 1, context: 1, tensor: 1, expert: 1 },
    };
    const rate = meshRates(wireSpecOf(chip, spec), mesh).rate('all-to-all', along('tensor'));
    const whole = meshRates(wireSpecOf(chip, { ...spec, brokenLinks: [] }), mesh).rate('all-to-all', along('tensor'));
    const planned = plannedSeconds('all-to-all', sliceTopology(chip, spec), mesh, along('tensor'), 1e7);
    expect(collectiveSeconds(rate, 1e7) / planned).toBeCloseTo(1, 9);
    expect(rate.secondsPerByte).toBeGreaterThan(whole.secondsPerByte);
  });

  test('of one member are nothing', () => {
    const chip = chipOf('tpu-v4');
    const spec: TopologySpec = { chip: 'tpu-v4', shape: [2, 2, 1], wrap: [false, false, false], slices: 1, slowDevices: [] };
    const ones = { data: 1, pipeline: 1, fsdp: 1, context: 1, tensor: 1, expert: 1 };
    const rates = meshRates(wireSpecOf(chip, spec), { ici: { ...ones, data: 4 }, dcn: ones });
    for (const kind of KINDS) expect(collectiveSeconds(rates.rate(kind, along('fsdp')), 1e9)).toBe(0);
  });
});

test('groups that stand a chip apart load each wire between them as often as there are groups', () => {
  const apart = { axis: 0, side: 8, positions: [0, 2, 4, 6], ring: true, stages: [] };
  expect(fullestWire(apart, () => 3)).toBe(6);
  expect(fullestWire({ ...apart, positions: [0, 1, 2, 3], ring: false }, (hop) => hop + 1)).toBe(3);
  // Two pairs of neighbours, two chips between them, twice on the line: the chips between are passed by both groups.
  expect(fullestWire({ ...apart, positions: [0, 1, 4, 5], ring: false }, () => 1)).toBe(2);
});

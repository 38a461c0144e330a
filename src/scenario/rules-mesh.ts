import type { Issue } from '../base/index.ts';
import { axisSize, DCN_AXES, MESH_AXES, type MeshAxis } from '../layout/index.ts';
import { axisSuitsBatch, axisSuitsModel } from './axis-fits.ts';
import type { ScenarioRule } from './rule.ts';
import { sliceName } from './rules-topology.ts';
import type { Scenario } from './scenario.ts';

/** The mesh covers the slice exactly. */
const meshCoversSlice: ScenarioRule = {
  reads: ['topology', 'layout.ici'],
  check: ({ scenario, chip, devices: all }) => {
    const { topology } = scenario;
    const devices = all / topology.slices;
    const what = `the devices of ${sliceName({ topology: { ...topology, slices: 1 } })} (${devices / chip.devicesPerChip} chips x ${chip.devicesPerChip})`;
    return productIssues(scenario, 'ici', devices, what, 'fills the slice');
  },
};

/** The axes over slices cover them exactly. */
const meshCoversSlices: ScenarioRule = {
  reads: ['topology', 'layout.dcn'],
  check: ({ scenario }) => productIssues(scenario, 'dcn', scenario.topology.slices, 'the slices', 'takes all slices'),
};

/** Only axes that exchange little run over the data-centre network. */
const axesMayLeaveSlice: ScenarioRule = {
  reads: ['layout.dcn'],
  check: ({ scenario: { layout } }) =>
    MESH_AXES.filter((axis) => layout.dcn[axis] !== 1 && !DCN_AXES.some((allowed) => allowed === axis)).map((axis) => ({
      code: 'E_LAYOUT_DCN',
      path: `layout.dcn.${axis}`,
      value: String(layout.dcn[axis]),
      rule: `${axis} exchanges activations in every layer and stays within a slice`,
      remedy: `use layout.ici.${axis}, and ${DCN_AXES.join(', ')} over slices`,
    })),
};

export const MESH_RULES: readonly ScenarioRule[] = [meshCoversSlice, meshCoversSlices, axesMayLeaveSlice];

function productIssues(scenario: Scenario, network: 'ici' | 'dcn', members: number, what: string, filling: string): Issue[] {
  const sizes = scenario.layout[network];
  const product = MESH_AXES.reduce((all, axis) => all * sizes[axis], 1);
  if (product === members) return [];
  const axes = MESH_AXES.filter((axis) => sizes[axis] !== 1);
  const factors = axes.map((axis) => `${axis} ${sizes[axis]}`).join(' x ');
  const changes = axes.flatMap((axis) => changeOf(scenario, network, axis, (members * sizes[axis]) / product));
  // An axis that is -1 cannot fill a slice that the others do not divide.
  const fill =
    members % product === 0 ? `set an axis to -1, which ${filling}` : `sizes that divide ${members} and one of -1, which ${filling}`;
  return [
    {
      code: 'E_LAYOUT_PRODUCT',
      path: `layout.${network}`,
      value: axes.length < 2 ? factors || 'data 1' : `${factors} = ${product}`,
      rule: `must be ${members}, ${what}`,
      remedy: changes.length > 0 ? `use ${changes.join(' or ')}, or ${fill}` : members % product === 0 ? fill : `use ${fill}`,
    },
  ];
}

/** The size with which one axis would make the product right, in words; empty where it is none that can be. */
function changeOf(scenario: Scenario, network: 'ici' | 'dcn', axis: MeshAxis, size: number): string[] {
  if (!Number.isInteger(size)) return [];
  const { layout } = scenario;
  const others = axisSize(layout, axis) / layout[network][axis];
  const suits = axisSuitsModel(scenario, axis, size * others) && (network === 'dcn' || axisSuitsBatch(scenario, axis, size));
  return suits ? [`${axis} ${size}`] : [];
}

import { MESH_AXES, type Scenario } from '../../src/scenario/index.ts';

export { CLUSTERING_STRENGTHS, SCENARIO_DEFAULTS } from '../../src/scenario/index.ts';

export function meshProduct(scenario: Scenario): number {
  return MESH_AXES.reduce((product, axis) => product * scenario.layout.ici[axis], 1);
}

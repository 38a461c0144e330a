import { axisSize, cutsEvenly, type MeshAxis, shardsOf, tensorCuts } from '../layout/index.ts';
import { layersOf, type ModelSpec } from '../model/index.ts';
import { nearFits } from './nearby.ts';
import type { RuleInput } from './rule.ts';
import type { Scenario } from './scenario.ts';

/** Whether an axis of `size` members, over wires and slices together, cuts the model evenly. */
export function axisSuitsModel({ model, layout, workload }: Scenario, axis: MeshAxis, size: number): boolean {
  const models: readonly ModelSpec[] = workload.teacher === null ? [model] : [model, workload.teacher];
  if (axis === 'tensor') return models.every((spec) => tensorCuts(spec).every((cut) => cutsEvenly(cut, size)));
  if (axis === 'pipeline') {
    const { repeats } = layout.pipeline;
    return size === 1 || models.every((spec) => spec.family !== 'encoder-decoder' && layersOf(spec).length % (size * repeats) === 0);
  }
  return layout.expertsOver !== axis || model.moe === null || model.moe.experts % size === 0;
}

/** Whether as many sequences and tokens are on every device, when an axis within a slice has another size. */
export function axisSuitsBatch({ layout, model, workload }: Scenario, axis: MeshAxis, size: number): boolean {
  const { batch, context } = shardsOf({ ...layout, ici: { ...layout.ici, [axis]: size } });
  const lengths = [workload.sequenceLength, ...(model.family === 'encoder-decoder' ? [workload.targetLength] : [])];
  return workload.sequences % (batch * layout.microbatches) === 0 && lengths.every((length) => length % context === 0);
}

/**
 * Sizes near that of an axis which the model suits and the members of the slice, or of the slices, leave room for, in words; empty where there are
 * none. What stands beside the axis is taken to give way.
 */
export function nearAxisSizes({ scenario, devices }: RuleInput, axis: MeshAxis): string {
  const { layout, topology } = scenario;
  const network = networkOf(scenario, axis);
  const own = layout[network][axis];
  const members = network === 'dcn' ? topology.slices : devices / topology.slices;
  const others = axisSize(layout, axis) / own;
  return nearFits(own, members, (size) => members % size === 0 && axisSuitsModel(scenario, axis, size * others));
}

/** Where an axis is cut: a key of `layout`. */
export function networkOf({ layout }: Scenario, axis: MeshAxis): 'ici' | 'dcn' {
  return layout.dcn[axis] > 1 ? 'dcn' : 'ici';
}

/** Whether the axes within a slice are as many devices as it has, and those over slices as many as there are. What follows from a mesh is only said of one that does. */
export function meshFits({ scenario: { layout, topology }, devices }: RuleInput): boolean {
  const product = (sizes: Readonly<Record<MeshAxis, number>>) => Object.values(sizes).reduce((all, size) => all * size, 1);
  return product(layout.ici) === devices / topology.slices && product(layout.dcn) === topology.slices;
}

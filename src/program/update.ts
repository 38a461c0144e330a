import type { Bytes } from '../base/index.ts';
import type { Work } from '../hardware/index.ts';
import {
  gradientBytesOf,
  type LayoutSpec,
  OPTIMIZERS,
  type Optimizer,
  stateBytes,
  type UpdateSpec,
  updatedElements,
} from '../layout/index.ts';
import { BYTES_PER_ELEMENT, type WeightMatrix } from '../model/index.ts';
import { gradientKey, type Reduced } from './reductions.ts';
import type { Emission, Stream } from './stream.ts';
import type { WeightTypes } from './weight-traffic.ts';

/** What of the scenario an update depends on. */
export interface UpdateRule {
  readonly layout: LayoutSpec;
  readonly spec: UpdateSpec;
  readonly types: WeightTypes;
}

/** What one device does to update some matrices. */
export function updateWork(matrices: readonly WeightMatrix[], { layout, spec, types }: UpdateRule): Work {
  const rule: Optimizer = OPTIMIZERS[spec.optimizer];
  const stateBytesPerWeight = rule.weightPasses * BYTES_PER_ELEMENT[types.weights] + rule.stateTraffic(BYTES_PER_ELEMENT[spec.firstMoment]);
  let vectorOps = 0;
  let hbmBytes = 0;
  for (const matrix of matrices) {
    const own = updatedElements(matrix, layout);
    vectorOps += rule.vectorOpsPerWeight * own;
    hbmBytes += (stateBytesPerWeight + rule.gradientPasses * gradientBytesOf(matrix, layout, types)) * own;
  }
  return { matmuls: [], vectorOps, hbmBytes };
}

/** Bytes that an update of some matrices brings from the host, and takes back. */
export function hostStateBytes(matrices: readonly WeightMatrix[], { layout, spec, types }: UpdateRule): Bytes {
  const { weights, optimizer } = stateBytes(matrices, layout, spec, types);
  return (layout.offload.optimizer ? optimizer : 0) + (layout.offload.weights ? weights : 0);
}

/**
 * One update per group, in the order in which gradients were complete. State that lives on the host is brought one group ahead, and taken back behind. Where
 * the data axis shares an update, the new weights are gathered over it.
 */
export function emitUpdates({ live }: Emission, stream: Stream, rule: UpdateRule, reduced: readonly Reduced[]): void {
  const { layout, spec } = rule;
  const arrived: number[] = [];
  const keyOf = (index: number): string => `state of ${reduced[index].group.name} stage ${stream.stage}`;
  const bring = (index: number): void => {
    const { group } = reduced[index];
    const bytes = hostStateBytes(group.matrices, rule);
    const moment = stream.transfer({ name: `${group.name}: state from host`, part: 'offload', stage: 'optim' }, bytes, stream.soFar());
    live.touch(keyOf(index), { label: 'optimizer state', bytes }, moment, stream.deviceSet);
    arrived[index] = moment.task;
  };
  const isOnHost = layout.offload.optimizer || layout.offload.weights;
  let gathered: number | null = null;
  for (const [index, { group, after }] of reduced.entries()) {
    if (isOnHost) for (const next of [index, index + 1]) if (next < reduced.length && arrived[next] === undefined) bring(next);
    stream.wait(isOnHost ? [...after, arrived[index]] : after);
    const label = { name: `${group.name}: ${spec.optimizer}`, part: 'optimizer', stage: 'optim' as const };
    let updated = 0;
    stream.compute(label, [updateWork(group.matrices, rule)], (moment) => {
      updated = moment.task;
      for (const block of group.blocks.keys()) live.extend(gradientKey(group, block), moment);
    });
    stream.flush();
    if (isOnHost) {
      const bytes = hostStateBytes(group.matrices, rule);
      const moment = stream.transfer({ name: `${group.name}: state to host`, part: 'offload', stage: 'optim' }, bytes, [updated]);
      live.extend(keyOf(index), moment);
    }
    for (const { replicas, isReplicated, storedBytes } of group.blocks) {
      if (layout.zero === 0 || !isReplicated) continue;
      const label = { name: `${group.name}: weight all-gather`, part: 'weight gather', stage: 'optim' as const };
      const traffic = { collective: 'all-gather', group: replicas, bytes: storedBytes, traffic: null } as const;
      gathered = stream.collectiveBeside(label, traffic, gathered === null ? [updated] : [gathered, updated]).task;
    }
  }
}

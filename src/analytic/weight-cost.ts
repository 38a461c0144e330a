import type { Bytes, Seconds } from '../base/index.ts';
import { type Core, workSeconds } from '../hardware/index.ts';
import {
  type GradientGroups,
  gatheredElements,
  gradientGroupsOf,
  groupName,
  groupSize,
  holdersOfHeads,
  keptGradients,
  type LayoutSpec,
  type MeshGroup,
  membersWithSameHeads,
  OPTIMIZERS,
  type Optimizer,
  type UpdateSpec,
} from '../layout/index.ts';
import { BYTES_PER_ELEMENT, type WeightMatrix } from '../model/index.ts';
import { type WeightGroup, type WeightTypes, workingBytesPerWeight } from '../program/index.ts';
import { collectiveSeconds, type MeshRates, type Rate } from './axis-rates.ts';

/** Matrices of a weight group that lie on devices alike: those of experts, or the others. Of one device, whole along the weight axes. */
export interface GroupElements {
  readonly elements: number;
  /** Optimizer state of as much. */
  readonly stateBytes: Bytes;
  /** Of those, elements that several members of the tensor axis hold with heads of queries of their own, and how many members. */
  readonly heldElements: number;
  readonly holders: number;
}

export interface WeightElements {
  readonly dense: GroupElements;
  readonly expert: GroupElements;
}

export function weightElements({ matrices }: WeightGroup, layout: LayoutSpec, { optimizer, firstMoment }: UpdateSpec): WeightElements {
  const rule: Optimizer = OPTIMIZERS[optimizer];
  const sum = (expert: boolean): GroupElements => {
    let elements = 0;
    let stateBytes = 0;
    let heldElements = 0;
    let holders = 1;
    for (const matrix of matrices) {
      if (matrix.expert !== expert) continue;
      const own = gatheredElements(matrix, layout);
      elements += own;
      const members = membersWithSameHeads(matrix, layout);
      if (members > 1) {
        heldElements += own;
        holders = members;
      }
      stateBytes += (rule.stateBytes(matrix, BYTES_PER_ELEMENT[firstMoment]) * own) / (matrix.rows * matrix.columns * matrix.copies);
    }
    return { elements, stateBytes, heldElements, holders };
  };
  return { dense: sum(false), expert: sum(true) };
}

/** Groups of sharded and of replicated weights, of experts and of the others, and the tensor axis: at most so many sets of wires. */
export const WIRES = 5;

/** How one sort of matrices is sharded and replicated under a layout, and what bringing it together costs. */
export interface WeightSort {
  readonly sharded: MeshGroup;
  readonly shardedName: string;
  readonly shards: number;
  readonly replicas: MeshGroup;
  readonly replicasName: string;
  readonly copies: number;
  /** Pieces that copies cut the update into. */
  readonly updateShards: number;
  /** Wires of the two groups, by number: what goes over the same ones shares them. */
  readonly wires: readonly [number, number];
  readonly gather: Rate;
  readonly scatter: Rate;
  readonly sum: Rate;
  readonly updateGather: Rate;
}

export interface WeightSorts {
  readonly dense: WeightSort;
  readonly expert: WeightSort;
  /** Wires of the tensor axis, by number, and what a sum over so many of its members costs. */
  readonly tensorWires: number;
  readonly sumOfHolders: (members: number) => Rate;
  /** Numbers of the wires that another group of devices shares with weights. */
  readonly wiresOf: (group: MeshGroup) => readonly number[];
  /** Experts are sharded and replicated as everything else is: they travel as one. */
  readonly alike: boolean;
}

export function weightSorts(layout: LayoutSpec, rates: MeshRates): WeightSorts {
  const dense = gradientGroupsOf(ANY_MATRIX, layout);
  const expert = gradientGroupsOf({ ...ANY_MATRIX, expert: true }, layout);
  const groups = [dense.sharded, dense.replicas, expert.sharded, expert.replicas];
  const dimensions = groups.map((group) => rates.dimensions(group));
  const numbers = sharedWires(dimensions);
  const [a, b, c, d] = numbers;
  const tensor = rates.dimensions(TENSOR);
  const shared = dimensions.findIndex((bits) => (bits & tensor) !== 0);
  const known = new WeakMap<MeshGroup, readonly number[]>();
  const own = weightSort(dense, [a, b], layout, rates);
  const ofExperts = weightSort(expert, [c, d], layout, rates);
  return {
    dense: own,
    expert: ofExperts,
    tensorWires: shared < 0 ? groups.length : numbers[shared],
    sumOfHolders: (members) => rates.rate('all-reduce', holdersOfHeads(members)),
    wiresOf(group) {
      const found = known.get(group) ?? [...new Set([a, b, c, d].filter((_, i) => (dimensions[i] & rates.dimensions(group)) !== 0))];
      known.set(group, found);
      return found;
    },
    alike: own.shardedName === ofExperts.shardedName && own.replicasName === ofExperts.replicasName,
  };
}

const TENSOR: MeshGroup = { ici: ['tensor'], dcn: ['tensor'] };

const ANY_MATRIX: WeightMatrix = { rows: 1, columns: 1, copies: 1, expert: false, cut: 'none', mostPieces: null };

/** [groups]: the same number where groups use wires of a dimension in common. */
function sharedWires(dimensions: readonly number[]): number[] {
  const numbers = dimensions.map((_, i) => i);
  for (const [i, a] of dimensions.entries()) {
    for (const [j, b] of dimensions.slice(0, i).entries()) {
      if ((a & b) === 0 || numbers[i] === numbers[j]) continue;
      const [from, to] = [numbers[i], numbers[j]];
      for (const [k, number] of numbers.entries()) if (number === from) numbers[k] = to;
    }
  }
  return numbers;
}

function weightSort(
  { sharded, replicas }: GradientGroups,
  wires: readonly [number, number],
  layout: LayoutSpec,
  rates: MeshRates,
): WeightSort {
  const copies = groupSize(layout, replicas);
  return {
    sharded,
    shardedName: groupName(sharded),
    shards: groupSize(layout, sharded),
    replicas,
    replicasName: groupName(replicas),
    copies,
    updateShards: layout.zero === 0 ? 1 : copies,
    wires,
    gather: rates.rate('all-gather', sharded),
    scatter: rates.rate('reduce-scatter', sharded),
    sum: rates.rate(layout.zero === 0 ? 'all-reduce' : 'reduce-scatter', replicas),
    updateGather: rates.rate('all-gather', replicas),
  };
}

/** Bytes and times of the matrices of one sort in a group. */
export interface BlockCost {
  readonly sort: WeightSort;
  readonly gatheredBytes: Bytes;
  readonly gatherSeconds: Seconds;
  readonly storedBytes: Bytes;
  readonly gradientBytes: Bytes;
  readonly shardGradientBytes: Bytes;
  readonly keptGradientBytes: Bytes;
  readonly updateGradientBytes: Bytes;
  readonly scatterSeconds: Seconds;
  /** Over members of the tensor axis with the same heads; 0 where each has heads of its own. */
  readonly holdersSeconds: Seconds;
  readonly tensorWires: number;
  readonly sumSeconds: Seconds;
  readonly updateGatherSeconds: Seconds;
}

/** What a weight group costs under a layout. */
export interface GroupCost {
  readonly blocks: readonly BlockCost[];
  readonly isSharded: boolean;
  readonly gatherSeconds: Seconds;
  readonly storedBytes: Bytes;
  /** Shards in the type of the products. */
  readonly workingBytes: Bytes;
  readonly stateBytes: Bytes;
  readonly updateSeconds: Seconds;
}

export interface WeightInput {
  readonly core: Core;
  readonly sorts: WeightSorts;
  readonly spec: UpdateSpec;
  readonly types: WeightTypes;
}

export function groupCost({ dense, expert }: WeightElements, input: WeightInput): GroupCost {
  const { sorts } = input;
  const parts: (readonly [GroupElements, WeightSort])[] = sorts.alike
    ? [[bothOf(dense, expert), sorts.dense]]
    : [
        [dense, sorts.dense],
        [expert, sorts.expert],
      ];
  const blocks: BlockCost[] = [];
  let updated = 0;
  let updateGradientBytes = 0;
  let storedBytes = 0;
  let workingBytes = 0;
  let stateBytes = 0;
  let isSharded = false;
  for (const [part, sort] of parts) {
    if (part.elements === 0) continue;
    if (sort.shards > 1) isSharded = true;
    const block = blockCost(part, sort, input);
    blocks.push(block);
    storedBytes += block.storedBytes;
    workingBytes += (part.elements / sort.shards) * workingBytesPerWeight(sort.shards > 1, input.types);
    updated += part.elements / sort.shards / sort.updateShards;
    updateGradientBytes += block.updateGradientBytes;
    stateBytes += part.stateBytes / sort.shards / sort.updateShards;
  }
  return {
    blocks,
    isSharded,
    gatherSeconds: gatheredTogether(blocks),
    storedBytes,
    workingBytes,
    stateBytes,
    updateSeconds: updateSeconds(updated, updateGradientBytes, input),
  };
}

function bothOf(dense: GroupElements, expert: GroupElements): GroupElements {
  if (expert.elements === 0) return dense;
  const { heldElements, holders } = dense;
  return { elements: dense.elements + expert.elements, stateBytes: dense.stateBytes + expert.stateBytes, heldElements, holders };
}

function blockCost(
  { elements: gathered, heldElements, holders }: GroupElements,
  sort: WeightSort,
  { sorts, types }: WeightInput,
): BlockCost {
  const stored = gathered / sort.shards;
  const gatheredBytes = gathered * BYTES_PER_ELEMENT[types.matmul];
  const storedBytes = stored * BYTES_PER_ELEMENT[types.weights];
  const gradientBytes = gathered * BYTES_PER_ELEMENT[types.gradients];
  const shardGradientBytes = stored * BYTES_PER_ELEMENT[types.gradients];
  const keptGradientBytes = stored * BYTES_PER_ELEMENT[keptGradients(sort.shards > 1, types)];
  return {
    sort,
    gatheredBytes,
    gatherSeconds: sort.shards === 1 ? 0 : collectiveSeconds(sort.gather, gatheredBytes),
    storedBytes,
    gradientBytes,
    shardGradientBytes,
    keptGradientBytes,
    updateGradientBytes: keptGradientBytes / sort.updateShards,
    scatterSeconds: sort.shards === 1 ? 0 : collectiveSeconds(sort.scatter, gradientBytes),
    tensorWires: sorts.tensorWires,
    holdersSeconds:
      holders === 1 ? 0 : collectiveSeconds(sorts.sumOfHolders(holders), (heldElements / sort.shards) * BYTES_PER_ELEMENT[types.gradients]),
    sumSeconds: sort.copies === 1 ? 0 : collectiveSeconds(sort.sum, shardGradientBytes),
    updateGatherSeconds: sort.updateShards === 1 ? 0 : collectiveSeconds(sort.updateGather, storedBytes),
  };
}

/** Blocks of one group are gathered at once: one after the other where they use the same wires. */
function gatheredTogether(blocks: readonly BlockCost[]): Seconds {
  if (blocks.length === 0) return 0;
  if (blocks.length === 1) return blocks[0].gatherSeconds;
  const [a, b] = blocks;
  if (a.sort.wires[0] !== b.sort.wires[0]) return Math.max(a.gatherSeconds, b.gatherSeconds);
  const latency = Math.min(a.gatherSeconds, b.gatherSeconds, a.sort.gather.latencySeconds, b.sort.gather.latencySeconds);
  return a.gatherSeconds + b.gatherSeconds - latency;
}

function updateSeconds(elements: number, gradientBytes: Bytes, { core, spec, types }: WeightInput): Seconds {
  const rule: Optimizer = OPTIMIZERS[spec.optimizer];
  const stateBytesPerWeight = rule.weightPasses * BYTES_PER_ELEMENT[types.weights] + rule.stateTraffic(BYTES_PER_ELEMENT[spec.firstMoment]);
  const hbmBytes = stateBytesPerWeight * elements + rule.gradientPasses * gradientBytes;
  return workSeconds(core, { matmuls: [], vectorOps: rule.vectorOpsPerWeight * elements, hbmBytes });
}

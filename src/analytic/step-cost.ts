import type { Bytes, Flops } from '../base/index.ts';
import { type Chip, coreOf } from '../hardware/index.ts';
import { axisSize } from '../layout/index.ts';
import { gradientOf, modelFlopsOf, rematerialise, teacherUnitsOf, type Unit, unitPlanOf } from '../program/index.ts';
import type { Load, Scenario } from '../scenario/index.ts';
import { type ChainRuns, chainRuns } from './blocks.ts';
import { type EncoderReads, encoderReads } from './encoder-reads.ts';
import { createLabels, type Labels } from './memory-parts.ts';
import { type StepTotals, stepTotals } from './step-totals.ts';
import { type CollectiveUse, type UnitCost, unitCost } from './unit-cost.ts';
import { type LabelledBytes, type UnitMemory, unitMemory } from './unit-memory.ts';
import { type WeightElements, weightElements } from './weight-cost.ts';

/** What a step costs before anybody asks how weights are sharded and replicated, and over which wires. */
export interface StepCost {
  readonly chains: readonly ChainCost[];
  readonly uses: readonly CollectiveUse[];
  readonly totals: StepTotals;
  /** Of tensors, by number. */
  readonly labels: readonly string[];
  readonly modelFlops: Flops;
}

/** Units that follow one another: those of a teacher, or of the model. */
export interface ChainCost {
  readonly kinds: readonly KindCost[];
  /** [units]: rows of `kinds`. */
  readonly sequence: readonly number[];
  readonly learns: boolean;
  readonly encoder: EncoderReads;
  /** Cut into so many runs; remembered. */
  readonly inRuns: (runs: number) => ChainRuns;
}

/** All units of one kind. */
export interface KindCost extends UnitCost {
  /** Own groups, then tied ones. */
  readonly weights: readonly WeightElements[];
  /** How many of `weights` its stage stores and updates for it: its own, and in a pipeline its copies of tied ones, which the embedding has on another stage. */
  readonly ownWeights: number;
  /** Where `ownWeights` ends with such copies, the first of them. */
  readonly firstCopy: number;
  readonly memory: UnitMemory;
  /** As units have it. */
  readonly loop: string | null;
  /** Of what comes from the unit before. */
  readonly inputBytes: Bytes;
  /** The same by label, and its gradient. */
  readonly input: LabelledBytes;
  readonly inputGradient: LabelledBytes;
  /** Of what waits on the host for its backward pass. */
  readonly offloadedBytes: Bytes;
}

export function stepCost(scenario: Scenario, chip: Chip, load: Load | null): StepCost {
  const { workload } = scenario;
  const uses: CollectiveUse[] = [];
  const labels = createLabels();
  const { kinds, sequence } = unitPlanOf(scenario, chip, load);
  const chainOf = (units: readonly Unit[], order: readonly number[]): ChainCost => {
    const ofKinds = units.map((unit) => kindCost(unit, scenario, chip, { uses, labels }));
    const isReadBack = ofKinds.some(({ memory }) => memory.reader?.isReadBack === true);
    return {
      kinds: ofKinds,
      sequence: order,
      learns: units.some(({ backward }) => backward.length > 0),
      encoder: encoderReads(units, order, isReadBack),
      inRuns: runsOf(order, units.length),
    };
  };
  const chains = [chainOf(kinds, sequence)];
  if (workload.kind === 'distil' && workload.teacher !== null) {
    const { units, order } = byKind(teacherUnitsOf(scenario, chip));
    chains.unshift(chainOf(units, order));
  }
  return { chains, uses, totals: stepTotals(chains, uses.length), labels: labels.names, modelFlops: modelFlopsOf(scenario, load) };
}

/** Half of a gradient, of 4 bytes an element. */
function mostScattered({ dense, expert }: WeightElements): Bytes {
  return 2 * (dense.elements + expert.elements);
}

function runsOf(sequence: readonly number[], kinds: number): ChainCost['inRuns'] {
  const known = new Map<number, ChainRuns>();
  return (runs) => {
    const found = known.get(runs) ?? chainRuns(sequence, kinds, runs);
    known.set(runs, found);
    return found;
  };
}

/** Rows that grow with every kind. */
interface Tables {
  readonly uses: CollectiveUse[];
  readonly labels: Labels;
}

function kindCost(unit: Unit, { layout, workload }: Scenario, chip: Chip, { uses, labels }: Tables): KindCost {
  const remade = rematerialise(unit, workload.remat);
  const input = tensorOf(unit, unit.input, labels);
  const firstCopy = unit.weights.length;
  const ownWeights = firstCopy + (axisSize(layout, 'pipeline') > 1 ? unit.tied.length : 0);
  const { forward, backward } = unitCost(unit, remade, { core: coreOf(chip), layout, uses, ownWeights });
  const weights = [...unit.weights, ...unit.tied].map((group) => weightElements(group, layout, workload));
  return {
    forward,
    backward,
    inputBytes: input.bytes[0] ?? 0,
    input,
    inputGradient: tensorOf(unit, unit.input === null ? null : gradientOf(unit.input), labels),
    weights,
    ownWeights,
    firstCopy,
    loop: unit.loop,
    memory: unitMemory(unit, remade, layout.overlap, labels, weights.slice(0, ownWeights).map(mostScattered)),
    offloadedBytes: remade.offloaded.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function tensorOf({ tensors }: Unit, name: string | null, { rowOf }: Labels): LabelledBytes {
  const tensor = tensors.find((one) => one.name === name);
  return tensor === undefined ? { labels: [], bytes: [] } : { labels: [rowOf(tensor.label)], bytes: [tensor.bytes] };
}

function byKind(all: readonly Unit[]): { readonly units: Unit[]; readonly order: number[] } {
  const units: Unit[] = [];
  const rows = new Map<string, number>();
  const order = all.map((unit) => {
    const row = rows.get(unit.kind) ?? units.push(unit) - 1;
    rows.set(unit.kind, row);
    return row;
  });
  return { units, order };
}

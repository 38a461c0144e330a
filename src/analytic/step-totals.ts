import type { Bytes, Seconds } from '../base/index.ts';
import type { ChainCost, KindCost } from './step-cost.ts';
import { isUneven, type PassCost } from './unit-cost.ts';
import type { WeightElements } from './weight-cost.ts';

/** Sums over all units of a step and one microbatch; what depends on wires is linear in them. */
export interface StepTotals {
  readonly computeSeconds: Seconds;
  /** By row of uses: collectives of steps that are not cut into pieces, and to which all members give as much. */
  readonly uses: readonly UseTotal[];
  /** Weights that passes use, and own groups of what learns. */
  readonly gathers: WeightTotals;
  readonly reductions: WeightTotals;
  /** Of those, what several members of the tensor axis hold, by their number. */
  readonly held: HeldTotal[];
}

export interface HeldTotal extends WeightTotal {
  readonly holders: number;
}

export interface UseTotal {
  count: number;
  bytes: Bytes;
}

/** Of one device, whole along the weight axes: how many groups, and their elements. */
export interface WeightTotal {
  count: number;
  elements: number;
}

export interface WeightTotals {
  readonly dense: WeightTotal;
  readonly expert: WeightTotal;
  /** Where both travel as one. */
  readonly both: WeightTotal;
}

export function stepTotals(chains: readonly ChainCost[], uses: number): StepTotals {
  const totals: StepTotals = {
    computeSeconds: chains.reduce((sum, chain) => sum + computeSeconds(chain), 0),
    uses: Array.from({ length: uses }, () => ({ count: 0, bytes: 0 })),
    gathers: noWeights(),
    reductions: noWeights(),
    held: [],
  };
  for (const { kinds, sequence, learns } of chains) {
    const counts = kinds.map(() => 0);
    for (const kind of sequence) counts[kind]++;
    for (const [row, kind] of kinds.entries()) addKind(totals, kind, counts[row], learns);
  }
  return totals;
}

function computeSeconds({ kinds, sequence }: ChainCost): Seconds {
  const seconds = kinds.map(({ forward, backward }) =>
    [...forward.stageSeconds, ...backward.stageSeconds].reduce((sum, one) => sum + one, 0),
  );
  return sequence.reduce((sum, kind) => sum + seconds[kind], 0);
}

function noWeights(): WeightTotals {
  return { dense: { count: 0, elements: 0 }, expert: { count: 0, elements: 0 }, both: { count: 0, elements: 0 } };
}

function addKind(totals: StepTotals, kind: KindCost, units: number, learns: boolean): void {
  for (const pass of [kind.forward, kind.backward]) addPass(totals, pass, kind.weights, units);
  if (!learns) return;
  for (const one of kind.weights.slice(0, kind.ownWeights)) {
    addWeights(totals.reductions, one, units);
    addHeld(totals.held, one, units);
  }
}

function addPass({ uses, gathers }: StepTotals, { beats }: PassCost, weights: readonly WeightElements[], units: number): void {
  for (const { needs, sendings } of beats) {
    for (const row of needs) addWeights(gathers, weights[row], units);
    for (const sending of sendings) {
      if (isUneven(sending)) continue;
      uses[sending.use].count += sending.count * units;
      uses[sending.use].bytes += sending.bytes * units;
    }
  }
}

function addWeights({ dense, expert, both }: WeightTotals, one: WeightElements, units: number): void {
  add(dense, one.dense.elements, units);
  add(expert, one.expert.elements, units);
  add(both, one.dense.elements + one.expert.elements, units);
}

function addHeld(held: HeldTotal[], { dense: { heldElements, holders } }: WeightElements, units: number): void {
  if (holders === 1) return;
  let total = held.find((one) => one.holders === holders);
  if (total === undefined) {
    total = { holders, count: 0, elements: 0 };
    held.push(total);
  }
  add(total, heldElements, units);
}

function add(total: WeightTotal, elements: number, units: number): void {
  if (elements === 0) return;
  total.count += units;
  total.elements += elements * units;
}

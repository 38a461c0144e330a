import type { Bytes } from '../base/index.ts';
import { WORKING_COPY } from '../program/index.ts';
import type { MemoryNeed } from './answer.ts';
import { type Fill, fillDuring } from './pipeline-fill.ts';
import type { PipelineOrder } from './pipeline-order.ts';
import type { ChainNeed, Moment } from './run-peak.ts';
import type { StageMemory } from './step-memory.ts';
import type { LabelledBytes } from './unit-memory.ts';
import { peakParts } from './unit-peak.ts';

/** Names of what memory holds beside tensors, as memory profiles have them. */
const NAMES = [
  'weights',
  'optimizer state',
  WORKING_COPY,
  'gradients',
  'gathered weights',
  'weights from host',
  'offloaded activations',
  'encoder output',
  'encoder output gradient',
];
const [WEIGHTS, OPTIMIZER, WORKING, GRADIENTS, GATHERED, FROM_HOST, OFFLOADED, ENCODER, ENCODER_GRADIENT] = NAMES.keys();

/** Numbers for the labels of a step's tensors; the names above come first. */
export interface Labels {
  readonly names: readonly string[];
  readonly rowOf: (label: string) => number;
}

export function createLabels(): Labels {
  const names = [...NAMES];
  const rows = new Map(names.map((name, row) => [name, row]));
  return {
    names,
    rowOf(label) {
      const row = rows.get(label) ?? names.push(label) - 1;
      rows.set(label, row);
      return row;
    },
  };
}

/** What a stage holds at its fullest moment, largest first. */
export function memoryParts(
  { state, moment, update }: StageMemory,
  chains: readonly ChainNeed[],
  order: PipelineOrder | null,
  names: readonly string[],
): MemoryNeed['parts'] {
  const sums: Bytes[] = names.map(() => 0);
  sums[WEIGHTS] = state.weights;
  sums[OPTIMIZER] = state.optimizer;
  sums[WORKING] = state.working - (moment ?? update).released;
  for (const { tensors, copies } of state.residents) addLabelled(sums, tensors, copies);
  if (moment === null) {
    sums[GRADIENTS] += update.gradients;
    sums[OPTIMIZER] += update.state;
  } else {
    addMoment(moment, sums);
    if (order !== null) {
      const fill = fillDuring(order, moment.run.place, chains[0].runs.ofRun.length);
      for (const chain of chains) addOthers(chain, fill, sums);
    }
  }
  const parts: { name: string; bytes: Bytes }[] = [];
  for (let row = 0; row < sums.length; row++) if (sums[row] > 0) parts.push({ name: names[row], bytes: sums[row] });
  return parts.sort((a, b) => b.bytes - a.bytes);
}

function addMoment(moment: Moment, sums: Bytes[]): void {
  const { chain, need, peak, next, fetched, gradients, encoder } = moment;
  const parts = peakParts(peak, need.groups);
  sums[GRADIENTS] += gradients + parts.gradients;
  sums[GATHERED] += parts.gathered + next.gathered;
  sums[FROM_HOST] += parts.fromHost + next.fromHost;
  sums[OFFLOADED] += fetched;
  addLabelled(sums, peak.tensors, 1);
  sums[ENCODER] += encoder.output;
  sums[ENCODER_GRADIENT] += encoder.gradient;
  if (chain.cost.learns) addHeld(moment, sums);
}

/** What other units keep of this microbatch for their backward passes. */
function addHeld({ chain: { cost, runs }, block, place, backward, run }: Moment, sums: Bytes[]): void {
  const { loop } = cost.kinds[block.kind];
  for (const { kind, count, first } of runs.ofRun[run.run]) {
    const isTurn = backward && loop !== null && cost.kinds[kind].loop === loop;
    const before = first < block.first ? count : first === block.first ? place : 0;
    const turns = first === block.first ? count - 1 : count;
    addLabelled(sums, cost.kinds[kind].memory.held, isTurn ? turns : before);
  }
}

/** What the runs of the stage keep of the other microbatches, and what of those is on its way to it. */
function addOthers({ cost, runs: { ofRun } }: ChainNeed, { others, inputs, gradients }: Fill, sums: Bytes[]): void {
  for (let run = 0; run < ofRun.length; run++) {
    if (cost.learns && others[run] > 0) {
      for (const { kind, count } of ofRun[run]) addLabelled(sums, cost.kinds[kind].memory.held, others[run] * count);
    }
    if (inputs[run] > 0 && ofRun[run].length > 0) addLabelled(sums, cost.kinds[ofRun[run][0].kind].input, inputs[run]);
    if (gradients[run] > 0 && cost.learns && ofRun[run + 1].length > 0) {
      addLabelled(sums, cost.kinds[ofRun[run + 1][0].kind].inputGradient, gradients[run]);
    }
  }
}

function addLabelled(sums: Bytes[], { labels, bytes }: LabelledBytes, copies: number): void {
  for (let i = 0; i < labels.length; i++) sums[labels[i]] += bytes[i] * copies;
}

import { type Chip, sliceTopology, type Topology } from '../../src/hardware/index.ts';
import { loadScenario } from '../../src/intake/index.ts';
import { type AxisSizes, along, type LayoutSpec, NO_OVERLAP } from '../../src/layout/index.ts';
import { dense } from '../../src/model/index.ts';
import type { Program } from '../../src/program/index.ts';
import { lowerChains } from '../../src/program/lower-chains.ts';
import type { Chain } from '../../src/program/step-schedule.ts';
import { type CollectiveStep, compute, gradientOf, type Step, type Tensor, type Unit } from '../../src/program/unit.ts';
import type { Scenario } from '../../src/scenario/index.ts';

/** Tokens, width and hidden width of a unit made by hand. */
export const T = 512;
export const D = 256;
export const F = 1024;
const BYTES = 2;

/** One axis of everything, but for those stated. */
export function sizes(stated: Partial<AxisSizes>): AxisSizes {
  return { data: 1, pipeline: 1, fsdp: 1, context: 1, tensor: 1, expert: 1, ...stated };
}

export function layoutOf(stated: Partial<Omit<LayoutSpec, 'ici' | 'dcn'>> & { readonly ici: Partial<AxisSizes> }): LayoutSpec {
  return {
    expertsOver: 'none',
    zero: 0,
    offload: { optimizer: false, weights: false },
    tensorActivations: 'whole',
    pipeline: { schedule: '1f1b', repeats: 1 },
    microbatches: 1,
    overlap: NO_OVERLAP,
    ...stated,
    ici: sizes(stated.ici),
    dcn: sizes({}),
  };
}

/** Names of a layer made by hand, after REMAT_TENSORS. */
const tensor = (name: string, bytes: number, remat: string | null = null): Tensor => ({ name, label: name, bytes, remat });
const product = (m: number, k: number, n: number) => ({ matmuls: [{ m, k, n, batch: 1 }] });

function sum(stage: 'fw' | 'agrad', reads: string, makes: string, segment: number): CollectiveStep {
  const base = { kind: 'collective', collective: 'all-reduce', group: along('tensor'), bytes: BYTES * T * D, traffic: null } as const;
  return { ...base, stage, part: 'tensor all-reduce', name: `sum of ${makes}`, reads: [reads], makes: [makes], segment };
}

/** y = sum over tensor of (act(x W_in) W_out): two products forward, four backward. */
export function layer(index: number): Unit {
  const forward: Step[] = [
    compute('fw', 'dense ffn', 'in', { work: product(T, D, F), reads: ['x'], makes: ['h'], uses: ['ffn'] }),
    compute('fw', 'dense ffn', 'activation', { work: { vectorOps: T * F, hbmBytes: 4 * T * F }, reads: ['h'], makes: ['a'] }),
    compute('fw', 'dense ffn', 'out', { work: product(T, F, D), reads: ['a'], makes: ['p'], uses: ['ffn'], segment: 1 }),
    sum('fw', 'p', 'y', 1),
  ];
  const backward: Step[] = [
    compute('agrad', 'dense ffn', 'out', { work: product(T, D, F), reads: ['d y'], makes: ['d a'], uses: ['ffn'] }),
    compute('wgrad', 'dense ffn', 'out', { work: product(F, T, D), reads: ['a', 'd y'], gradients: ['ffn'] }),
    compute('agrad', 'dense ffn', 'activation', { work: { vectorOps: T * F, hbmBytes: 6 * T * F }, reads: ['d a', 'h'], makes: ['d h'] }),
    compute('agrad', 'dense ffn', 'in', { work: product(T, F, D), reads: ['d h'], makes: ['d p'], uses: ['ffn'], segment: 2 }),
    sum('agrad', 'd p', 'd x', 2),
    compute('wgrad', 'dense ffn', 'in', { work: product(D, T, F), reads: ['x', 'd h'], gradients: ['ffn'] }),
  ];
  const stream = BYTES * T * D;
  const hidden = BYTES * T * F;
  return {
    name: `layer ${index}`,
    kind: 'layer',
    tensors: [
      tensor('x', stream, 'decoder_layer_input'),
      tensor('h', hidden, 'mlpwi'),
      tensor('a', hidden),
      tensor('p', stream, 'mlpwo'),
      tensor('y', stream),
      ...['d x', 'd y', 'd p'].map((name) => tensor(name, stream)),
      ...['d a', 'd h'].map((name) => tensor(name, hidden)),
    ],
    input: 'x',
    output: 'y',
    forward,
    backward,
    weights: [{ name: 'ffn', matrices: [dense(D, F, 'columns'), dense(F, D, 'rows')] }],
    tied: [],
    resident: [],
    loop: null,
    recomputable: true,
    readsEncoder: false,
  };
}

/** A table of `words` rows in, the same or another out. */
export function ends(words: number, tied: boolean): readonly [Unit, Unit] {
  const table = { name: 'embedding', matrices: [dense(words, D, 'rows')] };
  const stream = BYTES * T * D;
  const common = { kind: 'end', resident: [], loop: null, recomputable: false, readsEncoder: false } as const;
  const first: Unit = {
    ...common,
    name: 'embedding',
    tensors: [tensor('ids', 4 * T), tensor('x', stream), tensor('d x', stream)],
    input: null,
    output: 'x',
    forward: [compute('fw', 'embedding', 'gather', { work: { hbmBytes: 2 * stream }, reads: ['ids'], makes: ['x'], uses: ['embedding'] })],
    backward: [
      compute('wgrad', 'embedding', 'scatter', { work: { hbmBytes: 3 * stream }, reads: ['ids', 'd x'], gradients: ['embedding'] }),
    ],
    weights: [table],
    tied: [],
  };
  const output = tied ? table : { name: 'output', matrices: [dense(D, words, 'columns')] };
  const last: Unit = {
    ...common,
    name: 'logits',
    tensors: [tensor('x', stream), tensor('logits', 4 * T * words), tensor(gradientOf('x'), stream)],
    input: 'x',
    output: null,
    forward: [
      compute('fw', 'logits and loss', 'logits', { work: product(T, D, words), reads: ['x'], makes: ['logits'], uses: [output.name] }),
    ],
    backward: [
      compute('agrad', 'logits and loss', 'logits', { work: product(T, words, D), reads: ['logits'], makes: ['d x'], uses: [output.name] }),
      compute('wgrad', 'logits and loss', 'logits', { work: product(D, T, words), reads: ['x', 'logits'], gradients: [output.name] }),
    ],
    weights: tied ? [] : [output],
    tied: tied ? [output] : [],
  };
  return [first, last];
}

export function chain(layers: number, tied = false, words = 1024): Chain {
  const [first, last] = ends(words, tied);
  return { name: 'model', units: [first, ...Array.from({ length: layers }, (_, i) => layer(i)), last], learns: true };
}

const base = loadScenario('scenarios/tiny.yaml');
export const chip: Chip = base.chip;

/** A step of units made by hand, on the slice whose devices the layout needs. */
export function loweredByHand(
  layout: LayoutSpec,
  chains: readonly Chain[],
  workload: Partial<Scenario['workload']> = {},
  topology: Partial<Scenario['topology']> = {},
  wiresOf: (wires: Topology) => Topology = (wires) => wires,
): { readonly program: Program; readonly scenario: Scenario; readonly topology: Topology } {
  const scenario: Scenario = {
    ...base.scenario,
    layout,
    topology: { ...base.scenario.topology, ...topology },
    workload: { ...base.scenario.workload, optimizer: 'adamw', firstMoment: 'f32', remat: { policy: 'none', tensors: {} }, ...workload },
  };
  const wires = wiresOf(sliceTopology(chip, scenario.topology));
  return { program: lowerChains(scenario, chip, wires, chains, 1), scenario, topology: wires };
}

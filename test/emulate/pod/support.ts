import {
  type LearningRateSchedule,
  loadOf,
  movedBytesOf,
  openPodStep,
  outcomeOf,
  type PodOptimizer,
  type PodPlan,
  type PodRequest,
  planPod,
  type StepOutcome,
  totalBytes,
  writeTexts,
} from '../../../src/emulate/index.ts';
import { switchSubLayers } from '../../../src/emulate/pod/outcome.ts';
import { type Chip, sliceTopology } from '../../../src/hardware/index.ts';
import { parseScenario } from '../../../src/intake/index.ts';
import {
  compileModule,
  createKernelMemory,
  createNaiveTable,
  createPlainMemory,
  createWasmTable,
  type KernelMemory,
  kernelModuleBytes,
  runStepAlone,
  type Step,
} from '../../../src/kernels/index.ts';
import { axisSize, createMesh } from '../../../src/layout/index.ts';
import { type Dtype, f32Elements, type TensorView } from '../../../src/model/index.ts';
import { lowerStep, type Program } from '../../../src/program/index.ts';
import { createRouter, type OptionValues } from '../../../src/routing/index.ts';
import type { Scenario } from '../../../src/scenario/index.ts';

/** A pod small enough to learn twenty steps in a second. */
export interface SmallPod {
  readonly cores?: keyof typeof SLICES;
  readonly router?: string;
  readonly routerOptions?: OptionValues;
  readonly expertCapacity?: number;
  /** Without slots an expert may get its whole group. */
  readonly dropless?: boolean;
  readonly zCoefficient?: number;
  readonly dtype?: Dtype;
  readonly tied?: boolean;
  readonly positions?: string;
  readonly layers?: number;
  readonly activation?: 'relu' | 'gelu' | 'silu';
  /** Of a loss against a teacher. */
  readonly softShare?: number;
  /** How many texts the one is cut into; the first has half of it. */
  readonly texts?: 1 | 3;
  /** Share of each text, its end, that is held out. */
  readonly heldOutShare?: number;
  readonly routerDtype?: Dtype;
  readonly dropout?: number;
  readonly expertDropout?: number;
  readonly jitter?: number;
  readonly initialisationScale?: number;
  readonly optimizer?: PodOptimizer;
}

/** A rate that stays as it is. */
export function constantRate(highest: number): LearningRateSchedule {
  return { highest, warmupSteps: 0, decay: 'none', steps: 1 };
}

const adamw: PodOptimizer = { name: 'adamw', learningRate: constantRate(3e-3), settings: {} };

/** Slices of so many cores: TPU v3 has two to a chip. */
const SLICES = {
  1: { chip: 'tpu-v4', shape: [1, 1, 1] },
  2: { chip: 'tpu-v3', shape: [1, 1] },
  4: { chip: 'tpu-v3', shape: [1, 2] },
  8: { chip: 'tpu-v3', shape: [2, 2] },
  16: { chip: 'tpu-v3', shape: [2, 4] },
  64: { chip: 'tpu-v3', shape: [4, 8] },
} as const;

const SEQUENCES = 16;
const LENGTH = 32;
const GROUP = 32;
const EXPERTS = 8;
/** Every word once before any twice, then in an order that a model can learn some of. */
export const TEXT = Uint8Array.from({ length: 4096 }, (_, i) => (i * i * 7 + (i >> 3)) % 64);
/** Nothing of it is held out, unless a test says so. */
export const TEXTS = [{ bytes: TEXT.length, heldOutBytes: 0 }];

function textsOf({ texts = 1 }: SmallPod): Uint8Array[] {
  const [half, most] = [TEXT.length / 2, (3 * TEXT.length) / 4];
  return texts === 1 ? [TEXT] : [TEXT.subarray(0, half), TEXT.subarray(half, most), TEXT.subarray(most)];
}

function sizesOf(small: SmallPod): { readonly bytes: number; readonly heldOutBytes: number }[] {
  return textsOf(small).map(({ length }) => ({ bytes: length, heldOutBytes: length * (small.heldOutShare ?? 0) }));
}

export function scenarioOf(
  layout: string,
  small: SmallPod,
): {
  readonly scenario: Scenario;
  readonly chip: Chip;
} {
  const { cores = 8, dtype = 'f32', tied = true, positions = 'learned', activation = 'silu', layers = 2, expertCapacity = 5 } = small;
  const { router = 'switch-top1', routerOptions = {} } = small;
  const { ownCapacity } = createRouter(router, routerOptions);
  const capacity = ownCapacity === null ? `capacityFactor: ${(expertCapacity * EXPERTS) / GROUP}, ` : '';
  const lines = [
    `topology: {chip: ${SLICES[cores].chip}, shape: [${SLICES[cores].shape.join(', ')}]}`,
    'model:',
    `  {name: small, family: decoder, decoderLayers: ${layers}, dModel: 32, dFf: 64, heads: 4, headDim: 8, vocab: 64, activation: ${activation}, ffnMatrices: ${activation === 'relu' ? 2 : 3},`,
    `   tiedEmbeddings: ${tied}, positions: {kind: ${positions}, count: ${positions === 'learned' ? LENGTH : 0}}, experts: ${EXPERTS}, layersEvery: 2}`,
    `layout: ${layout}`,
    `routing: {router: ${router}, options: ${JSON.stringify(routerOptions)}, ${capacity}groupTokens: ${GROUP}${small.dropless === true ? ', dispatch: dropless' : ''}}`,
    `workload: {sequences: ${SEQUENCES}, sequenceLength: ${LENGTH}, optimizer: adamw, remat: none}`,
    `precision: {matmul: ${dtype}, gradients: f32}`,
    `load: {kind: ${ownCapacity === null ? 'balanced' : 'measured'}}`,
  ];
  return parseScenario('pod.yaml', lines.join('\n'), { ignoreMemory: true });
}

export interface OpenPod {
  readonly plan: PodPlan;
  readonly memory: KernelMemory;
  readonly scenario: Scenario;
  readonly chip: Chip;
  readonly step: (n: number) => Step;
  /** Runs steps up to this one. */
  readonly upTo: (step: number) => void;
}

const wasmModule = compileModule(kernelModuleBytes());

export function podRequest(layout: string, small: SmallPod): PodRequest {
  const { scenario, chip } = scenarioOf(layout, small);
  const { router = 'switch-top1', routerOptions = {}, dropless = false, zCoefficient = 0.001, dtype = 'f32', optimizer = adamw } = small;
  const { expertCapacity = dropless ? GROUP : 5 } = small;
  return {
    model: scenario.model,
    layout: scenario.layout,
    mesh: createMesh(scenario.layout, { shape: scenario.topology.shape, devicesPerChip: chip.devicesPerChip }),
    sequences: SEQUENCES,
    sequenceLength: LENGTH,
    dtype,
    routing: {
      router,
      options: routerOptions,
      dispatch: dropless ? 'dropless' : 'scatter',
      dtype: small.routerDtype ?? 'f32',
      groupTokens: GROUP,
      expertCapacity,
      auxiliaryCoefficient: 0.01,
      zCoefficient,
    },
    optimizer,
    seed: 11,
    initialisationScale: small.initialisationScale ?? 1,
    dropout: small.dropout ?? 0,
    expertDropout: small.expertDropout ?? 0,
    jitter: small.jitter ?? 0,
    softShare: small.softShare,
  };
}

export function openPod(layout: string, small: SmallPod = {}, lanes = 1): OpenPod {
  const { scenario, chip } = scenarioOf(layout, small);
  const probe = createWasmTable(createKernelMemory(0), wasmModule);
  const plan = planPod(podRequest(layout, small), sizesOf(small), lanes, probe);
  const memory = createKernelMemory(plan.bytes);
  const step = openPodStep(plan, createWasmTable(memory, wasmModule));
  writeTexts(plan, memory.buffer, textsOf(small));
  let next = 0;
  return {
    plan,
    memory,
    scenario,
    chip,
    step,
    upTo: (last) => {
      while (next <= last) runStepAlone(step(next++));
    },
  };
}

/** The same with kernels in their plainest form. */
export function openPlainPod(
  layout: string,
  small: SmallPod = {},
): { readonly plan: PodPlan; readonly memory: KernelMemory; run(step: number): void } {
  const plan = planPod(podRequest(layout, small), sizesOf(small), 1, createNaiveTable(createPlainMemory(0)));
  const memory = createPlainMemory(plan.bytes);
  const step = openPodStep(plan, createNaiveTable(memory));
  writeTexts(plan, memory.buffer, textsOf(small));
  return { plan, memory, run: (n) => runStepAlone(step(n)) };
}

export function outcome({ plan, memory }: Pick<OpenPod, 'plan' | 'memory'>): StepOutcome {
  return outcomeOf(plan, memory.buffer);
}

/** Token of every slot, layer by layer, group by group in the order of all tokens; -1 where it is empty. */
export function decisionsOf({ plan, memory }: OpenPod): number[] {
  const capacity = plan.request.routing.expertCapacity;
  return plan.layers.flatMap((kind, layer) => {
    if (kind !== 'switch') return [];
    return switchSubLayers(plan, layer).flatMap(({ sublayer: { groups, slotToken } }) => {
      const tokens = new Int32Array(memory.buffer, slotToken, EXPERTS * groups.length * capacity);
      return groups.flatMap((_, group) =>
        Array.from({ length: EXPERTS * capacity }, (_slot, slot) => {
          const token = tokens[(Math.floor(slot / capacity) * groups.length + group) * capacity + (slot % capacity)];
          return token < 0 ? -1 : token - group * GROUP;
        }),
      );
    });
  });
}

/** Every parameter whole, put together from what the cores store: its values, or its gradient. */
export function wholeOf({ plan, memory }: Pick<OpenPod, 'plan' | 'memory'>, what: 'stored' | 'gradientShard'): Map<string, Float64Array> {
  return new Map(
    plan.parameters.map(({ unit, name, matrix }, index) => {
      const whole = new Float64Array(matrix.rows * matrix.columns * matrix.copies).fill(Number.NaN);
      for (const { held } of plan.microbatches[0]) {
        const one = held[index];
        if (one === null) continue;
        const { shardIndex, first, working } = one;
        const shard = f32Elements(memory.buffer, one[what]);
        const [rows, columns] = working.shape.length === 1 ? [1, working.shape[0]] : working.shape.slice(-2);
        for (const [i, value] of shard.entries()) {
          const place = shardIndex * shard.length + i;
          const row = Math.floor(place / columns);
          const wholeRow = (first.copy + Math.floor(row / rows)) * matrix.rows + first.row + (row % rows);
          whole[wholeRow * matrix.columns + first.column + (place % columns)] = value;
        }
      }
      return [`${unit} ${name}`, whole];
    }),
  );
}

/** Largest difference of two wholes, as a share of the largest value of each parameter. */
export function deviation(ours: ReadonlyMap<string, Float64Array>, theirs: ReadonlyMap<string, Float64Array>): number {
  let most = 0;
  for (const [name, values] of theirs) {
    const own = ours.get(name);
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    for (const [i, value] of values.entries()) {
      const apart = Math.abs((own?.[i] ?? Number.NaN) - value);
      const difference = apart === 0 ? 0 : apart / largest;
      if (Number.isNaN(difference)) return Number.NaN;
      most = Math.max(most, difference);
    }
  }
  return most;
}

/** Bytes that were moved between different cores, by kind of collective and axes. */
export function movedBytes({ plan, memory }: OpenPod): Record<string, number> {
  const moved = movedBytesOf(plan, memory.buffer).filter((one) => totalBytes(one) > 0);
  return Object.fromEntries(moved.map((one) => [`${one.kind} ${one.axis}`, totalBytes(one)]));
}

/** What the lowered program of the same step sends, by the same keys; without slots by the choices of the step. */
export function predictedBytes({ scenario, chip, plan, memory }: OpenPod): Record<string, number> {
  const load = scenario.routing.dispatch === 'dropless' ? loadOf(plan, memory.buffer) : null;
  const program = lowerStep(scenario, chip, sliceTopology(chip, scenario.topology), load);
  const sent: Record<string, number> = {};
  for (const { kind, meshAxis, plan: row, task } of program.collectives) {
    const key = `${kind} ${meshAxis}`;
    sent[key] = (sent[key] ?? 0) + program.plans[row].sentBytesPerDevice * devicesOf(program, task);
  }
  return sent;
}

/**
 * What the program leaves out: where the tensor axis cuts the stream, each replica all-reduces the gradients of its gains over it, f32 [dModel] of the norms of two
 * sub-layers in each layer and of the last one; 2 (n - 1) times their bytes over n members.
 */
export function gainBytes({ scenario: { layout, model } }: OpenPod): Record<string, number> {
  const members = axisSize(layout, 'tensor');
  if (members === 1 || layout.tensorActivations === 'whole') return {};
  const gains = 2 * model.decoderLayers + 1;
  return { 'all-reduce tensor (gains)': axisSize(layout, 'data') * 2 * (members - 1) * gains * 4 * model.dModel };
}

/** Those that run a task: of a pipeline the ones of its stages. */
function devicesOf({ deviceSets, tasks, devices }: Program, task: number): number {
  const set = tasks.deviceSet[task];
  return set < 0 ? devices : deviceSets[set].reduce((count, member) => count + member, 0);
}

export function valuesOf(memory: KernelMemory, view: TensorView): Float32Array {
  return f32Elements(memory.buffer, view);
}

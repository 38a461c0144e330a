import { drawWords, Purpose } from '../base/index.ts';
import { type KernelPath, openKernels, openMemory } from '../cluster/index.ts';
import { tokenDraws } from '../emulate/index.ts';
import type { KernelTable } from '../kernels/index.ts';
import { f32Elements, planArena, type TensorView } from '../model/index.ts';
import { createAssignment, createRouter, type RouterInput, routingSizes } from '../routing/index.ts';

/** A router with its default options on some tokens. */
export interface RoutingCase {
  readonly router: string;
  /** A multiple of groupTokens. */
  readonly tokens: number;
  readonly experts: number;
  /** Tokens that are routed at a time; all groups use the same memory, as they do in a run. */
  readonly groupTokens: number;
  /** Milliseconds that softmax and assignment may take together; null where nobody set a bar. */
  readonly barMs: number | null;
}

/** Milliseconds for all tokens. */
export interface RoutingTimes {
  /** 0 for routers that read no probabilities. */
  readonly softmaxMs: number;
  readonly assignMs: number;
}

export interface OpenCase {
  readonly topK: number;
  readonly measure: () => RoutingTimes;
}

/** Switch's usual training setting (Fedus et al. 2021, arXiv 2101.03961, table 1). */
const CAPACITY = { capacityFactor: 1.25, capacityRule: 'mesh-tf' } as const;
const SEED = 7;
const DOMAINS = 8;
/** Ids of T5's vocabulary (google-research/text-to-text-transfer-transformer). */
const VOCABULARY = 32_128;

/** Fills tensors with synthetic scores and opens every case on one memory; cases of one shape share their tensors. */
export function openRoutingCases(cases: readonly RoutingCase[], path: KernelPath, clock: () => number): OpenCase[] {
  const arena = planArena();
  const shared = new Map<string, Tensors>();
  const tensorsOf = ({ groupTokens, experts }: RoutingCase): Tensors => {
    const shape = [groupTokens, experts];
    const [logits, probabilities, noiseLogits] = [0, 1, 2].map(() => arena.allocate(shape, 'f32'));
    return { logits, probabilities, noiseLogits, statistics: arena.allocate([2, groupTokens], 'f32') };
  };
  const planned = cases.map((one) => {
    const shape = `${one.groupTokens} x ${one.experts}`;
    const tensors = shared.get(shape) ?? tensorsOf(one);
    shared.set(shape, tensors);
    return { one, tensors };
  });
  const memory = openMemory(arena.bytes, path);
  const table = openKernels(memory, path).fast;
  for (const { logits, noiseLogits } of shared.values()) {
    fillBells(f32Elements(memory.buffer, logits), 1);
    fillBells(f32Elements(memory.buffer, noiseLogits), 2);
  }
  return planned.map(({ one, tensors }) => openCase(one, tensors, table, clock));
}

/** [S, E] each, but for the statistics of the softmax. */
interface Tensors {
  readonly logits: TensorView;
  readonly probabilities: TensorView;
  readonly noiseLogits: TensorView;
  readonly statistics: TensorView;
}

function openCase(
  { router: name, tokens, experts, groupTokens }: RoutingCase,
  tensors: Tensors,
  table: KernelTable,
  clock: () => number,
): OpenCase {
  const router = createRouter(name);
  const { expertCapacity } = routingSizes({ router: name, options: {}, ...CAPACITY }, groupTokens, experts);
  const sizes = { tokens: groupTokens, experts, expertCapacity };
  const { buffer } = table.memory;
  const rows = router.rows(sizes);
  const given: Omit<RouterInput, 'draw'> = {
    ...sizes,
    training: true,
    logits: f32Elements(buffer, tensors.logits),
    probabilities: f32Elements(buffer, tensors.probabilities),
    noiseLogits: f32Elements(buffer, tensors.noiseLogits),
    bias: fillBells(new Float32Array(experts), 3).map((value) => value / 64),
    tokenIds: wholeNumbers(groupTokens, 4, VOCABULARY),
    domains: wholeNumbers(groupTokens, 5, DOMAINS),
    recorded: wholeNumbers(rows, 6, experts),
  };
  const assignment = createAssignment(groupTokens, rows);
  const readsProbabilities = router.reads.includes('probabilities');
  const measure = (): RoutingTimes => {
    let softmaxMs = 0;
    let assignMs = 0;
    for (let first = 0; first < tokens; first += groupTokens) {
      const input: RouterInput = { ...given, draw: tokenDraws(SEED, Purpose.test, 0, first) };
      const start = clock();
      if (readsProbabilities) table.softmax(tensors.logits, 0, tensors.probabilities, tensors.statistics);
      const middle = clock();
      router.route(input, assignment);
      assignMs += clock() - middle;
      if (readsProbabilities) softmaxMs += middle - start;
    }
    return { softmaxMs, assignMs };
  };
  return { topK: router.topK, measure };
}

/** Sums of four uniform numbers, scaled to mean 0 and standard deviation 1: nearly normal, as logits of an untrained router are. */
export function fillBells(values: Float32Array, stream: number): Float32Array {
  const words = new Uint32Array(4);
  for (let i = 0; i < values.length; i++) {
    drawWords(words, { seed: SEED, purpose: Purpose.test, layer: stream, token: i }, 0);
    values[i] = ((words[0] + words[1] + words[2] + words[3]) / 2 ** 32 - 2) * Math.sqrt(3);
  }
  return values;
}

function wholeNumbers(count: number, stream: number, below: number): Int32Array {
  const words = new Uint32Array(4);
  return Int32Array.from({ length: count }, (_, i) => {
    drawWords(words, { seed: SEED, purpose: Purpose.test, layer: stream, token: i }, 0);
    return Math.floor((words[0] / 2 ** 32) * below);
  });
}

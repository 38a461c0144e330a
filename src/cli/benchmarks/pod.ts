import { availableParallelism } from 'node:os';
import { assert } from '../../base/index.ts';
import { openKernels, openMemory, openStepPool, type StepPool } from '../../cluster/index.ts';
import { openPodStep, writeTexts } from '../../emulate/index.ts';
import { runStepAlone } from '../../kernels/index.ts';
import { type Benchmark, type BenchmarkAnswer, type BenchmarkRequest, timingOf } from '../benchmark.ts';
import { POD_CASES, type PodCase, planCase, TEXT } from './pod/cases.ts';
import { timedTable } from './pod/timed-table.ts';

/**
 * How quick a pod learns: the same model and the same words of a step on ever more emulated cores, on all threads; and what is left of a step when
 * the time of its kernels is taken off, on one.
 */
export const pod: Benchmark = {
  rounds: 5,
  usesKernels: true,
  run: (request) => measurePods(request.quick ? POD_CASES.slice(0, 2) : POD_CASES, request),
};

/** As JSON, beside the machine and the number of rounds. */
export interface PodFields {
  readonly threads: number;
  readonly cases: readonly PodRow[];
}

export interface PodRow {
  readonly cores: number;
  readonly bytes: number;
  /** Of the best round. */
  readonly stepsPerSecond: number;
  readonly milliseconds: number;
  /** Median of all rounds, over that of the first case. */
  readonly overFirst: number;
  /** On one thread: what a step takes beyond its kernels, as a share of them. */
  readonly overhead: number;
}

type Request = Pick<BenchmarkRequest, 'rounds' | 'path' | 'clock' | 'onProgress' | 'signal'>;

interface OpenCase {
  readonly pool: StepPool;
  readonly bytes: number;
  readonly times: number[];
  step: number;
}

export async function measurePods(cases: readonly PodCase[], request: Request): Promise<BenchmarkAnswer<PodFields>> {
  const { rounds, clock, onProgress } = request;
  const threads = availableParallelism();
  const overheads = cases.map((one) => overheadOf(one, request));
  const open: OpenCase[] = [];
  try {
    for (const one of cases) open.push(await openCase(one, threads, request));
    // The first round fills caches; it is not counted.
    for (let round = -1; round < rounds; round++) {
      for (const [i, one] of open.entries()) {
        const start = clock();
        await one.pool.step(one.step++);
        if (round >= 0) one.times.push(clock() - start);
        onProgress(round < 0 ? 'warming up' : `${cases[i].cores} cores`, (round + 1) * open.length + i + 1, (rounds + 1) * open.length);
      }
    }
  } finally {
    for (const { pool } of open) await pool.close();
  }
  const first = timingOf(open[0].times).median;
  const rows = open.map(({ times, bytes }, i): PodRow => {
    const { best, median } = timingOf(times);
    return {
      cores: cases[i].cores,
      bytes,
      stepsPerSecond: 1000 / best,
      milliseconds: best,
      overFirst: median / first,
      overhead: overheads[i],
    };
  });
  return {
    fields: { threads, cases: rows },
    tables: [{ title: '', rows: [HEADING, ...rows.map(cellsOf)], right: [0, 1, 2, 3, 4, 5] }],
    notes: notesOf(threads),
    errors: [],
  };
}

async function openCase(one: PodCase, threads: number, { path, signal }: Request): Promise<OpenCase> {
  assert(path !== null, 'a pod has its kernels');
  const plan = planCase(one, threads, openKernels(openMemory(0, path), path).fast);
  const memory = openMemory(plan.bytes, path);
  writeTexts(plan, memory.buffer, [TEXT]);
  const pool = openStepPool(threads, memory, path, { kind: 'pod', plan }, plan.control, { signal });
  await pool.step(0);
  return { pool, bytes: plan.bytes, times: [], step: 1 };
}

/** On the calling thread; the best of some steps. */
function overheadOf(one: PodCase, { path, clock }: Request): number {
  assert(path !== null, 'a pod has its kernels');
  const plan = planCase(one, 1, openKernels(openMemory(0, path), path).fast);
  const memory = openMemory(plan.bytes, path);
  writeTexts(plan, memory.buffer, [TEXT]);
  const { table, taken } = timedTable(openKernels(memory, path).fast, clock);
  const step = openPodStep(plan, table);
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n <= WARM_STEPS + TIMED_STEPS; n++) {
    taken();
    const start = clock();
    runStepAlone(step(n));
    const all = clock() - start;
    if (n > WARM_STEPS) least = Math.min(least, all / taken() - 1);
  }
  return least;
}

const WARM_STEPS = 2;
const TIMED_STEPS = 3;

const HEADING = ['cores', 'MB', 'ms per step', 'steps/s', 'median to 1 core', 'beside kernels'];

function cellsOf({ cores, bytes, milliseconds, stepsPerSecond, overFirst, overhead }: PodRow): string[] {
  return [
    String(cores),
    (bytes / 1e6).toFixed(0),
    milliseconds.toFixed(0),
    stepsPerSecond.toFixed(2),
    overFirst.toFixed(2),
    `${(overhead * 100).toFixed(0)} %`,
  ];
}

function notesOf(threads: number): string[] {
  return [
    `A training step of 8,192 words, four layers of 128 columns, two of them with 16 experts, in f32, on ${threads === 1 ? 'one thread' : `${threads} threads`}: forward, backward, exchanges and update of every core. Beside kernels: what a step on one thread takes longer than the calls of its kernels.`,
  ];
}

import { openMemory, openTaskThreads, threadModule } from '../../../cluster/index.ts';
import type { Io } from '../../io.ts';
import { type CLoops, openCLoops } from './c-limits.ts';
import { fillOperands } from './memory-plan.ts';
import { type Numpy, openNumpy } from './numpy.ts';
import { createSession, type Session } from './session.ts';
import { layerElements, type Setting } from './setting.ts';
import type { ThreadAnswer, ThreadSetup, ThreadTask } from './tasks.ts';

/** Everything that measures: threads, and programs of others where there are any. */
export interface Instruments {
  readonly session: Session;
  /** Null where nothing compiles C. */
  readonly cLoops: CLoops | null;
  /** By number of threads. */
  readonly numpy: ReadonlyMap<number, Numpy>;
  /** What is missing, and why. */
  readonly notes: readonly string[];
  readonly close: () => Promise<void>;
}

const THREAD_MODULE = threadModule('./thread', import.meta.url);

export async function openInstruments(setting: Setting, env: Io['env'], signal: AbortSignal): Promise<Instruments> {
  const { paths, plan, threadCounts } = setting;
  const memory = openMemory(plan.bytes, paths[0]);
  fillOperands(memory, plan);
  const notes: string[] = [];
  const closing: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closing.reverse()) await one();
  };
  try {
    const setup: ThreadSetup = { memory, plan, paths };
    const pool = openTaskThreads<ThreadTask, ThreadAnswer>(threadCounts.length, THREAD_MODULE, setup, signal);
    closing.push(pool.close);
    const cLoops = await openCLoops(env, signal);
    if (typeof cLoops === 'string') notes.push(cLoops);
    else closing.push(cLoops.close);
    const numpy = await openNumpies(setting, env, signal);
    notes.push(...numpy.notes);
    closing.push(...[...numpy.opened.values()].map((one) => one.close));
    const session = createSession({ memory, plan, paths, threadCounts }, pool);
    return { session, cLoops: typeof cLoops === 'string' ? null : cLoops, numpy: numpy.opened, notes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const FLOAT_BYTES = 4;

/** One process for each number of threads, because its BLAS is told when it starts. */
async function openNumpies(
  { plan, cases, threadCounts, leftBytes }: Setting,
  env: Io['env'],
  signal: AbortSignal,
): Promise<{ readonly opened: Map<number, Numpy>; readonly notes: string[] }> {
  const opened = new Map<number, Numpy>();
  const notes: string[] = [];
  if (plan.layers.length === 0) return { opened, notes };
  const bytes = FLOAT_BYTES * Math.max(...cases.layers.map(layerElements));
  for (const threads of threadCounts) {
    if (bytes * (opened.size + 1) > leftBytes) {
      notes.push(`NumPy is not compared with on ${threads} threads: its layer does not fit into memory beside ours.`);
      break;
    }
    const numpy = await openNumpy(plan.layers, threads, env, signal);
    if (typeof numpy === 'string') {
      notes.push(numpy);
      break;
    }
    opened.set(threads, numpy);
  }
  return { opened, notes };
}

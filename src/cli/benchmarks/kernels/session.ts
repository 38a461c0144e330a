import type { KernelPath, TaskThreads } from '../../../cluster/index.ts';
import { type KernelMemory, type Limits, resetStepControl, stepControlWords } from '../../../kernels/index.ts';
import type { MemoryPlan } from './memory-plan.ts';
import type { Span, ThreadAnswer, ThreadTask, WorkTask, WorkTimes } from './tasks.ts';

/** Everything that is open while the benchmark runs. */
export interface Session {
  readonly memory: KernelMemory;
  readonly plan: MemoryPlan;
  readonly paths: readonly KernelPath[];
  /** Numbers of threads that are measured: one, and two where there are as many cores. */
  readonly threadCounts: readonly number[];
  /** Whether WebAssembly has fused multiply-add here. */
  readonly hasFused: boolean;
  /** Runs a task on so many threads at once; when the first of them began each phase and the last one ended it. */
  readonly run: (task: WorkTask, threads: number) => Promise<WorkTimes>;
  /** On one thread; null where WebAssembly SIMD does not run. */
  readonly limits: (milliseconds: number) => Promise<Limits | null>;
}

/** One measurement of a case in one round. In the round that warms up it is not `counted`. */
export interface Turn {
  readonly name: string;
  readonly measure: (counted: boolean) => Promise<void>;
}

export function createSession(
  given: Pick<Session, 'memory' | 'plan' | 'paths' | 'threadCounts'>,
  threads: TaskThreads<ThreadTask, ThreadAnswer>,
): Session {
  const { memory, plan } = given;
  const control = new Int32Array(memory.buffer, plan.control, stepControlWords(plan.lanes.length));
  let gate = 0;
  return {
    ...given,
    hasFused: given.paths.some(({ module, variant }) => module !== null && variant !== 'mul-add'),
    run: async (task, lanes) => {
      resetStepControl(control);
      gate += lanes;
      const answers = await threads.run(Array.from({ length: lanes }, (_, lane) => ({ ...task, lane, gate })));
      return joinTimes(answers.filter((answer) => 'phases' in answer));
    },
    limits: async (milliseconds) => {
      const [answer] = await threads.run([{ kind: 'limits', milliseconds }]);
      if ('limits' in answer) return answer.limits;
      throw new Error('internal: a thread was asked for limits and answered with phases');
    },
  };
}

/** From the begin of the first lane to the end of the last one, phase by phase. A lane without an item in a phase takes no part in it. */
function joinTimes(lanes: readonly WorkTimes[]): WorkTimes {
  const phases = lanes[0].phases.map((_, phase) => ({
    start: Math.min(...lanes.map((lane) => lane.phases[phase].start)),
    end: Math.max(...lanes.map((lane) => lane.phases[phase].end)),
  }));
  return { phases, gemmMs: lanes.reduce((sum, { gemmMs }) => sum + gemmMs, 0) };
}

/** Milliseconds from the begin of the first phase to the end of the last one. */
export function wallMs({ phases }: { readonly phases: readonly Span[] }): number {
  return Math.max(...phases.map(({ end }) => end)) - Math.min(...phases.map(({ start }) => start));
}

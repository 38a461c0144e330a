import { type Timing, timingOf } from '../../benchmark.ts';

/** One piece of work of the engine or the wires, how long it may take, and what its result must satisfy. */
export interface EngineCase {
  /** What `--case` takes. */
  readonly name: string;
  readonly title: string;
  readonly bars: EngineBars;
  /** Makes ready what is not measured. */
  readonly open: () => OpenEngineCase;
  /** Another simulator's answer to the same question. */
  readonly peer?: PeerAnswer;
}

/** Targets for one core of a current server, not promises for any machine; what is missing has none. */
export interface EngineBars {
  readonly seconds?: number;
  readonly eventsPerSecond?: number;
  /** Of the whole process, about 60 MiB of which are Node itself. */
  readonly mebibytes?: number;
}

export interface OpenEngineCase {
  readonly run: () => void;
  /** About the last run; not measured. */
  readonly answer: () => EngineAnswer;
}

export interface EngineAnswer {
  /** Events of one run, where counting them makes sense. */
  readonly events?: number;
  readonly result: Readonly<Record<string, number | string>>;
  /** What cannot be, such as a result below the bound of the wires. */
  readonly errors: readonly string[];
}

export interface PeerAnswer {
  readonly tool: string;
  /** Null where it did not finish. */
  readonly processorSeconds: number | null;
  readonly simulatedSeconds: number | null;
  /** Simulated seconds over the bound of the wires. */
  readonly overBound: number | null;
}

/** One case as JSON. */
export interface EngineRow {
  readonly name: string;
  readonly title: string;
  /** Processor time of one run, all threads of the process together, so compiling and collecting garbage count. */
  readonly seconds: number;
  readonly medianSeconds: number;
  readonly eventsPerSecond: number | null;
  /** Largest resident set of the process that ran this case alone. */
  readonly peakBytes: number;
  readonly result: EngineAnswer['result'];
  readonly bars: EngineBars;
  /** Names of bars that the best round missed. */
  readonly missed: readonly (keyof EngineBars)[];
  readonly peer: PeerAnswer | null;
  readonly errors: readonly string[];
}

/** What the process has used so far. */
export interface ProcessMeter {
  readonly processorSeconds: () => number;
  readonly peakBytes: () => number;
}

export const THIS_PROCESS: ProcessMeter = {
  processorSeconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
  // Node gives kibibytes on every system.
  peakBytes: () => process.resourceUsage().maxRSS * 1024,
};

/** Shorter runs are repeated within a round, because reading the meter costs microseconds. */
const ROUND_SECONDS = 0.02;
/** A run that takes longer has compiled what it needs by its end: it is not repeated just to warm up. */
const WARM_UP_SECONDS = 1;

export function measureCase(one: EngineCase, rounds: number, meter: ProcessMeter = THIS_PROCESS): EngineRow {
  const { run, answer } = one.open();
  const seconds = (runs: number): number => {
    const start = meter.processorSeconds();
    for (let i = 0; i < runs; i++) run();
    return (meter.processorSeconds() - start) / runs;
  };
  const first = seconds(1);
  const times = first > WARM_UP_SECONDS ? [first] : [];
  const runs = Math.max(1, Math.min(MOST_RUNS, Math.ceil(ROUND_SECONDS / Math.max(first, 1e-9))));
  while (times.length < rounds) times.push(seconds(runs));
  const timing = timingOf(times);
  const peakBytes = meter.peakBytes();
  return rowOf(one, timing, peakBytes, answer());
}

const MOST_RUNS = 1000;

function rowOf(
  { name, title, bars, peer }: EngineCase,
  timing: Timing,
  peakBytes: number,
  { events, result, errors }: EngineAnswer,
): EngineRow {
  const eventsPerSecond = events === undefined ? null : events / timing.best;
  const missed: (keyof EngineBars)[] = [];
  if (bars.seconds !== undefined && timing.best > bars.seconds) missed.push('seconds');
  if (bars.eventsPerSecond !== undefined && !(eventsPerSecond !== null && eventsPerSecond >= bars.eventsPerSecond)) {
    missed.push('eventsPerSecond');
  }
  if (bars.mebibytes !== undefined && peakBytes > bars.mebibytes * 2 ** 20) missed.push('mebibytes');
  return {
    name,
    title,
    seconds: timing.best,
    medianSeconds: timing.median,
    eventsPerSecond,
    peakBytes,
    result,
    bars,
    missed,
    peer: peer ?? null,
    errors: errors.map((error) => `${name}: ${error}`),
  };
}

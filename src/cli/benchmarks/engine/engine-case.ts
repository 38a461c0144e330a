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

/** A round repeats its run for so long, because the meter and the processor need time to settle; the warm-up is such a round. */
const ROUND_SECONDS = 0.1;
/** A run that takes longer has compiled what it needs by its end: it is not repeated just to warm up. */
const WARM_UP_SECONDS = 1;

export function measureCase(one: EngineCase, rounds: number, meter: ProcessMeter = THIS_PROCESS): EngineRow {
  const { run, answer } = one.open();
  /** Seconds of one run, the mean over a round. */
  const round = (): number => {
    const start = meter.processorSeconds();
    let runs = 0;
    let seconds = 0;
    while (seconds < ROUND_SECONDS && runs < MOST_RUNS) {
      run();
      runs++;
      seconds = meter.processorSeconds() - start;
    }
    return seconds / runs;
  };
  const first = round();
  const times = first > WARM_UP_SECONDS ? [first] : [];
  while (times.length < rounds) times.push(round());
  const timing = timingOf(times);
  const peakBytes = meter.peakBytes();
  return rowOf(one, timing, peakBytes, answer());
}

/** A meter may stand still. */
const MOST_RUNS = 10_000;

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

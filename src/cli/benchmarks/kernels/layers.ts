import { setTimeout } from 'node:timers/promises';
import { timingOf } from '../../benchmark.ts';
import { type LimitName, limitOf, type MachineLimits, shareOfLimit } from './limits.ts';
import type { LayerPlan } from './memory-plan.ts';
import type { Numpy, NumpyTimes } from './numpy.ts';
import { type Session, type Turn, wallMs } from './session.ts';
import type { LayerPass, WorkTimes } from './tasks.ts';

/** One pass of a Switch layer on one path, or by NumPy, as JSON. */
export interface LayerRow {
  /** `numpy-openblas` is the forward pass in f32 by NumPy. */
  readonly path: string;
  readonly experts: number;
  readonly threads: number;
  readonly pass: LayerPass;
  readonly tokens: number;
  readonly keptTokens: number;
  /** Of the best round. */
  readonly tokensPerSecond: number;
  /** Of the middle round. */
  readonly median: number;
  /** Of the products of the experts for the tokens that were kept. */
  readonly gflops: number;
  readonly limit: LimitName | null;
  readonly shareOfLimit: number | null;
  /** Share of the threads' time that was not in matrix products: everything else, and waiting. */
  readonly nonGemmShare: number;
  /** Milliseconds of the phases in the best round, from the end of the one before; empty for NumPy. */
  readonly phases: readonly { readonly name: string; readonly milliseconds: number }[];
  /** Its tokens per second by those of NumPy; null without NumPy, and backward. */
  readonly ratioToNumpy: number | null;
}

export interface LayerSeries {
  readonly turns: readonly Turn[];
  readonly rows: (limits: MachineLimits) => LayerRow[];
}

const NUMPY_PATH = 'numpy-openblas';
const PASSES: readonly LayerPass[] = ['forward', 'backward'];
/** As `openSwitchLayerStep` has them. */
const PHASES: Readonly<Record<LayerPass, readonly string[]>> = {
  forward: ['router', 'assignment', 'dispatch', 'hidden', 'out', 'combine'],
  backward: ['combine', 'dHidden', 'dBatch', 'dx'],
};

/** For so long threads of OpenBLAS look for more work before they sleep (2^26 ticks of the processor's clock), and would take it from who comes next. */
const SPINNING_MS = 40;

/** What a round of one pass took. */
interface Round {
  readonly ms: number;
  readonly nonGemmShare: number;
  readonly phases: LayerRow['phases'];
  readonly keptTokens: number;
}

interface OneSeries {
  readonly path: string;
  readonly plan: LayerPlan;
  readonly threads: number;
  readonly pass: LayerPass;
  readonly rounds: Round[];
}

/** All paths but TypeScript, and NumPy by number of threads, take turns at each layer. The first layer warms up for the others. */
export function layerSeries(session: Session, numpy: ReadonlyMap<number, Numpy>): LayerSeries {
  const cases = session.plan.layers.flatMap((plan, layer) => session.threadCounts.map((threads) => ({ plan, layer, threads })));
  const opened = cases.flatMap(({ plan, layer, threads }) => {
    const ours = layerPaths(session).map((path) => openLayer(session, plan, layer, path, threads));
    const other = numpy.get(threads);
    const all = other === undefined ? ours : [...ours, openNumpyLayer(other, plan, threads)];
    return all.map(({ turn, series }) => ({ turn: layer === 0 ? turn : withoutWarming(turn), series }));
  });
  const series = opened.flatMap((one) => one.series);
  return {
    turns: opened.map(({ turn }) => turn),
    rows: (limits) => series.map((one) => rowOf(one, series, limits)),
  };
}

/** Numbers of the paths that run in WebAssembly or machine code: a layer in TypeScript would take minutes. */
function layerPaths({ paths }: Session): number[] {
  return paths.flatMap(({ module }, number) => (module === null ? [] : [number]));
}

function withoutWarming(turn: Turn): Turn {
  return { ...turn, measure: async (counted) => (counted ? turn.measure(true) : undefined) };
}

function openLayer(session: Session, plan: LayerPlan, layer: number, path: number, threads: number): { turn: Turn; series: OneSeries[] } {
  const series = PASSES.map((pass): OneSeries => ({ path: session.paths[path].name, plan, threads, pass, rounds: [] }));
  const measure = async (counted: boolean): Promise<void> => {
    for (const { pass, rounds } of series) {
      const times = await session.run({ kind: 'layer', path, layer, pass }, threads);
      if (counted) rounds.push(roundOf(times, pass, threads, keptTokens(session, plan)));
    }
  };
  return { turn: { name: 'layers', measure }, series };
}

function openNumpyLayer(numpy: Numpy, plan: LayerPlan, threads: number): { turn: Turn; series: OneSeries[] } {
  const rounds: Round[] = [];
  const ofTimes = ({ seconds, gemmSeconds, keptTokens: kept }: NumpyTimes): Round => ({
    ms: 1000 * seconds,
    nonGemmShare: 1 - gemmSeconds / seconds,
    phases: [],
    keptTokens: kept,
  });
  const measure = async (counted: boolean): Promise<void> => {
    const times = await numpy.run(plan.layer.experts);
    await setTimeout(SPINNING_MS);
    if (counted) rounds.push(ofTimes(times));
  };
  return { turn: { name: 'layers by NumPy', measure }, series: [{ path: NUMPY_PATH, plan, threads, pass: 'forward', rounds }] };
}

function roundOf(times: WorkTimes, pass: LayerPass, threads: number, kept: number): Round {
  const ms = wallMs(times);
  let before = times.phases[0].start;
  const phases = times.phases.map(({ end }, i) => {
    const milliseconds = end - before;
    before = end;
    return { name: PHASES[pass][i] ?? `phase ${i + 1}`, milliseconds };
  });
  return { ms, nonGemmShare: 1 - times.gemmMs / (threads * ms), phases, keptTokens: kept };
}

/** What the last forward pass has kept. */
function keptTokens({ memory }: Session, { layer, plan }: LayerPlan): number {
  return new Int32Array(memory.buffer, plan.lists.first, layer.experts + 1)[layer.experts];
}

function rowOf(one: OneSeries, all: readonly OneSeries[], limits: MachineLimits): LayerRow {
  const { path, plan, threads, pass, rounds } = one;
  const { tokens, experts, dModel, dExpert } = plan.layer;
  const { best, median } = timingOf(rounds.map(({ ms }) => ms));
  const { nonGemmShare, phases, keptTokens: kept } = rounds[rounds.findIndex(({ ms }) => ms === best)];
  // Two products forward, and for each of them two backward.
  const gflops = ((pass === 'forward' ? 4 : 8) * kept * dModel * dExpert) / best / 1e6;
  const limit = path === NUMPY_PATH ? null : limitOf(path, 'bf16', limits);
  const numpy = all.find((other) => other.path === NUMPY_PATH && other.plan === plan && other.threads === threads && other.pass === pass);
  return {
    path,
    experts,
    threads,
    pass,
    tokens,
    keptTokens: kept,
    tokensPerSecond: (1000 * tokens) / best,
    median: (1000 * tokens) / median,
    gflops,
    limit,
    shareOfLimit: limit === null ? null : shareOfLimit(gflops, threads, limits[limit]),
    nonGemmShare,
    phases,
    ratioToNumpy: numpy === undefined ? null : timingOf(numpy.rounds.map(({ ms }) => ms)).best / best,
  };
}

import { assert } from '../../base/index.ts';
import type { KernelPath } from '../../cluster/index.ts';
import { ROUTERS } from '../../routing/index.ts';
import { type Benchmark, type BenchmarkAnswer, type BenchmarkRequest, type Timing, timingOf } from '../benchmark.ts';
import { openRoutingCases, type RoutingCase, type RoutingTimes } from '../routing-cases.ts';

/**
 * How long routing takes on one thread: softmax of the logits by the kernels that a run uses, and assignment by the router (copy this one). Cases with
 * a bar are what this must not fall behind; they are targets for one core of a current server, not promises for any machine.
 */
export const routing: Benchmark = {
  rounds: 5,
  usesKernels: true,
  run: ({ path, ...request }) => {
    assert(path !== null, 'routing has its kernels');
    return measureRouting(ROUTING_CASES, { ...request, path });
  },
};

export function measureRouting(
  routingCases: readonly RoutingCase[],
  { rounds, path, clock, onProgress }: Pick<BenchmarkRequest, 'rounds' | 'clock' | 'onProgress'> & { readonly path: KernelPath },
): BenchmarkAnswer<{ readonly cases: readonly RoutingRow[] }> {
  const cases = openRoutingCases(routingCases, path, clock);
  const times = cases.map((): RoutingTimes[] => []);
  // The first round compiles; it is not counted.
  for (let round = -1; round < rounds; round++) {
    cases.forEach(({ measure }, i) => {
      const taken = measure();
      if (round >= 0) times[i].push(taken);
      onProgress(round < 0 ? 'warming up' : 'measuring', (round + 1) * cases.length + i + 1, (rounds + 1) * cases.length);
    });
  }
  const rows = cases.map(({ topK }, i) => rowOf(routingCases[i], topK, times[i]));
  return {
    fields: { cases: rows },
    tables: [{ title: '', rows: [HEADING, ...rows.map(cellsOf)], right: [1, 2, 3, 4, 5, 6, 7, 8] }],
    notes: NOTES,
    errors: [],
  };
}

const NOTES = [
  'One thread. Milliseconds for all tokens, in groups of at most 4,096; softmax is - for routers that do not read it; ! where even the best round is above the bar.',
];

const HEADING = ['router', 'tokens', 'experts', 'k', 'softmax', 'assign', 'best', 'median', 'bar'];

const MANY = 65_536;
const GROUP = 4096;

const BARS: Readonly<Record<string, number>> = { base: 150, 's-base': 100 };

/** The cases with many tokens, then every router on one group. */
const ROUTING_CASES: readonly RoutingCase[] = [
  { router: 'gshard-top2', tokens: MANY, experts: 128, groupTokens: GROUP, barMs: 60 },
  { router: 'mtf-top2', tokens: MANY, experts: 128, groupTokens: GROUP, barMs: 60 },
  { router: 'topk', tokens: MANY, experts: 128, groupTokens: GROUP, barMs: 60 },
  { router: 'switch-top1', tokens: MANY, experts: 2048, groupTokens: GROUP, barMs: 900 },
  ...Object.keys(ROUTERS).map((router) => ({ router, tokens: GROUP, experts: 64, groupTokens: GROUP, barMs: BARS[router] ?? null })),
];

/** One case as JSON: the parts are those of the best round. */
interface RoutingRow {
  readonly router: string;
  readonly tokens: number;
  readonly experts: number;
  readonly topK: number;
  readonly softmaxMs: number;
  readonly assignMs: number;
  readonly totalMs: Timing;
  readonly barMs: number | null;
}

function rowOf({ router, tokens, experts, barMs }: RoutingCase, topK: number, times: readonly RoutingTimes[]): RoutingRow {
  const totals = times.map(({ softmaxMs, assignMs }) => softmaxMs + assignMs);
  const totalMs = timingOf(totals);
  const { softmaxMs, assignMs } = times[totals.indexOf(totalMs.best)];
  return { router, tokens, experts, topK, softmaxMs, assignMs, totalMs, barMs };
}

function cellsOf({ router, tokens, experts, topK, softmaxMs, assignMs, totalMs, barMs }: RoutingRow): string[] {
  return [
    router,
    String(tokens),
    String(experts),
    String(topK),
    softmaxMs === 0 ? '-' : softmaxMs.toFixed(1),
    assignMs.toFixed(1),
    totalMs.best.toFixed(1),
    totalMs.median.toFixed(1),
    barMs === null ? '' : `${barMs}${totalMs.best > barMs ? ' !' : ''}`,
  ];
}

import { afterAll, describe, expect, it } from 'vitest';
import { createThreadExecutor } from '../../src/cluster/index.ts';
import { type LoadedScenario, loadScenario } from '../../src/intake/index.ts';
import { isIssues, METRIC_NAMES, type MetricName, metricValue, type Result, readStored } from '../../src/result/index.ts';
import type { Scenario } from '../../src/scenario/index.ts';
import { runComparison, runStudy, type StudyOutput } from '../../src/study/index.ts';

const tiny = loadScenario('scenarios/tiny.yaml');

function run(
  change: (scenario: Scenario) => Scenario = (same) => same,
  threads = 1,
  loaded: LoadedScenario = tiny,
  pause?: () => Promise<void>,
): Promise<StudyOutput> {
  return runStudy({
    scenario: change(loaded.scenario),
    chip: loaded.chip,
    warnings: [],
    published: [],
    executor: createThreadExecutor({ threads }),
    provenance: { version: 'test', node: 'test', startedAt: 'test' },
    clock: () => 0,
    pause,
  });
}

function value(result: Result, name: MetricName): number {
  return metricValue(result.metrics, name) ?? Number.NaN;
}

const outputs = new Map<number, Promise<StudyOutput>>();
function withThreads(threads: number): Promise<StudyOutput> {
  const known = outputs.get(threads) ?? run(undefined, threads);
  outputs.set(threads, known);
  return known;
}
afterAll(() => outputs.clear());

describe('a study', () => {
  it('gives every metric once, and finite', async () => {
    const { result } = await withThreads(1);
    expect(result.metrics.map((metric) => metric.name)).toEqual(METRIC_NAMES);
    for (const metric of result.metrics) expect(Number.isFinite(metric.value), metric.name).toBe(true);
  });

  it('gives the same result but for provenance on 1, 2 and 3 threads', async () => {
    const results = await Promise.all([1, 2, 3].map(async (threads) => (await withThreads(threads)).result));
    const [one, two, three] = results.map(({ provenance: _, ...rest }) => JSON.stringify(rest));
    expect(two).toBe(one);
    expect(three).toBe(one);
    expect(results[1].fingerprint).toMatch(/^[0-9a-f]{16}$/);
  });

  it('gives another fingerprint for another seed', async () => {
    const other = await run((scenario) => ({ ...scenario, seed: scenario.seed + 1 }));
    expect(other.result.fingerprint).not.toBe((await withThreads(1)).result.fingerprint);
  });

  it('accounts for every second of the step', async () => {
    const { result } = await withThreads(1);
    const step = value(result, 'stepSeconds');
    const rows = result.detail.breakdown.flatMap((row) => row.secondsByStage).reduce((sum, seconds) => sum + seconds, 0);
    expect(rows).toBeCloseTo(step, 10);
    const kinds = value(result, 'computeSeconds') + value(result, 'exposedCommunicationSeconds') + value(result, 'waitSeconds');
    expect(kinds).toBeCloseTo(step, 10);
  });

  it('tells waiting from moving bytes as the engine does', async () => {
    const slow = await run((scenario) => ({ ...scenario, topology: { ...scenario.topology, slowDevices: [{ device: 3, factor: 1.2 }] } }));
    for (const { result, trace } of [await withThreads(1), slow]) {
      const seconds = (kind: string): number =>
        result.detail.breakdown.filter((row) => row.kind === kind).reduce((sum, row) => row.secondsByStage.reduce((a, b) => a + b, sum), 0);
      expect(seconds('compute')).toBeCloseTo(trace.devices.computeBusy[0] / 1e12, 12);
      expect(seconds('exposedCommunication')).toBeCloseTo(trace.devices.exposedCommunication[0] / 1e12, 12);
      expect(seconds('wait')).toBeCloseTo(trace.devices.wait[0] / 1e12, 12);
    }
  });

  it('agrees with the closed form when nothing contends or waits', async () => {
    const { result } = await run((scenario) => ({ ...scenario, layout: { ...scenario.layout, overlapGradients: false } }));
    const closed = result.analytic.find((row) => row.name === 'stepSeconds');
    expect(closed?.value).toBe(value(result, 'stepSeconds'));
  });

  it.each(['bf16', 'f32'] as const)('predicts exactly the bytes that the emulated pod handed over, in %s', async (matmul) => {
    const { result } = await run((scenario) => ({ ...scenario, precision: { ...scenario.precision, matmul } }));
    expect(result.detail.traffic).toHaveLength(2);
    let handedOver = 0;
    for (const { executedBytesToOthers, predictedBytesToOthers } of result.detail.traffic) {
      expect(executedBytesToOthers).toBe(predictedBytesToOthers);
      handedOver += executedBytesToOthers ?? Number.NaN;
    }
    // A step dispatches and combines, forward and backward; the program's own collectives, of four devices, carry the same.
    expect(value(result, 'allToAllBytesPerDevice') * 4).toBe(4 * handedOver);
  });

  it('shows drops with slots, and waiting without', async () => {
    const hot = (dispatch: 'einsum' | 'scatter' | 'dropless', share: number) =>
      run((scenario) => ({
        ...scenario,
        routing: { ...scenario.routing, dispatch },
        load: { kind: 'hot-expert', share, expert: 0 },
      }));
    for (const dispatch of ['einsum', 'scatter'] as const) {
      const { result } = await hot(dispatch, 0.5);
      expect(value(result, 'droppedTokenFraction')).toBeGreaterThan(0.3);
      expect(value(result, 'waitSeconds')).toBe(0);
    }
    const [warm, hotter] = [(await hot('dropless', 0.3)).result, (await hot('dropless', 0.6)).result];
    expect(value(warm, 'droppedTokenFraction')).toBe(0);
    expect(value(warm, 'waitSeconds')).toBeGreaterThan(0);
    expect(value(hotter, 'waitSeconds')).toBeGreaterThan(1.5 * value(warm, 'waitSeconds'));
    expect(value(hotter, 'stepSeconds')).toBeGreaterThan(value(warm, 'stepSeconds'));
    // The hot expert lies on device 0, which waits for nobody; what is shown is a device that does.
    expect(hotter.detail.timeline.device).not.toBe(0);
    const waiting = hotter.detail.breakdown.filter(({ kind }) => kind === 'wait').flatMap((row) => row.secondsByStage);
    expect(waiting.reduce((sum, seconds) => sum + seconds, 0)).toBeGreaterThan(0);
  });

  it('has a closed form of the same devices: mean computing, and the rest of the step, where devices differ', async () => {
    const { result } = await run((scenario) => ({
      ...scenario,
      layout: { ...scenario.layout, overlapGradients: false },
      routing: { ...scenario.routing, dispatch: 'dropless' },
      load: { kind: 'hot-expert', share: 0.6, expert: 0 },
    }));
    const closed = (name: string): number => result.analytic.find((row) => row.name === name)?.value ?? Number.NaN;
    expect(value(result, 'waitSeconds')).toBeGreaterThan(0.02 * value(result, 'stepSeconds'));
    expect(closed('stepSeconds')).toBe(value(result, 'stepSeconds'));
    expect(closed('computeSeconds') / value(result, 'computeSeconds')).toBeCloseTo(1, 4);
    const rest = value(result, 'exposedCommunicationSeconds') + value(result, 'waitSeconds');
    expect(closed('exposedCommunicationSeconds') / rest).toBeCloseTo(1, 4);
  });

  it.each(['bf16', 'f32'] as const)('sends without slots exactly the rows that the emulated pod handed over, in %s', async (matmul) => {
    const { result } = await run((scenario) => ({
      ...scenario,
      precision: { ...scenario.precision, matmul },
      routing: { ...scenario.routing, dispatch: 'dropless' },
    }));
    let handedOver = 0;
    for (const { executedBytesToOthers, predictedBytesToOthers, slotBytesPerPair } of result.detail.traffic) {
      expect(slotBytesPerPair).toBeNull();
      expect(executedBytesToOthers).toBe(predictedBytesToOthers);
      handedOver += executedBytesToOthers ?? Number.NaN;
    }
    expect(value(result, 'allToAllBytesPerDevice') * 4).toBe(4 * handedOver);
    expect(result.detail.verification?.differingValues).toBe(0);
    expect(isIssues(readStored(JSON.parse(JSON.stringify(result))))).toBe(false);
  });

  it('shows no traffic where every device holds all experts', async () => {
    const { result } = await run((scenario) => ({ ...scenario, layout: { ...scenario.layout, expertsOver: 'none' } }));
    expect(value(result, 'allToAllBytesPerDevice')).toBe(0);
    expect(result.detail.traffic).toEqual([]);
    expect(result.detail.expertLoads).toHaveLength(2);
    expect(result.detail.assumptions.filter((sentence) => /sent|no token travels/.test(sentence))).toEqual([
      'Every device holds all experts, so no token travels to them.',
    ]);
  });

  it('never sends more token bytes than slots', async () => {
    const { result } = await withThreads(1);
    for (const { tokenBytes, slotBytesPerPair } of result.detail.traffic) {
      expect(Math.max(...tokenBytes)).toBeLessThanOrEqual(slotBytesPerPair ?? Number.NaN);
    }
  });

  it('compares the experts with the oracle and finds no difference', async () => {
    const { verification } = (await withThreads(1)).result.detail;
    expect(verification?.comparedValues).toBeGreaterThan(0);
    expect(verification?.tokensShare).toBeGreaterThanOrEqual(tiny.scenario.emulate.verifyShare);
    expect(verification?.devices).toBe(4);
    expect(verification?.differingValues).toBe(0);
  });

  it('shows a slow device as waiting of the others', async () => {
    const { result } = await run((scenario) => ({
      ...scenario,
      topology: { ...scenario.topology, slowDevices: [{ device: 3, factor: 1.5 }] },
    }));
    expect(value(result, 'waitSeconds')).toBeGreaterThan(0.1 * value(result, 'stepSeconds'));
    expect(value(result, 'stepSeconds')).toBeGreaterThan(1.3 * value((await withThreads(1)).result, 'stepSeconds'));
  });

  it('says how much of the step a sample is, and claims no error that one layer cannot show', async () => {
    const sample = { tokens: 'all', layers: 1, verifyShare: 0 } as const;
    const { result } = await run((scenario) => ({ ...scenario, emulate: sample }));
    const whole = (await withThreads(1)).result.detail.sampling;
    expect(result.detail.sampling).toMatchObject({ routedLayers: 1, totalLayers: 2, totalTokens: whole.totalTokens, standardError: null });
    expect(whole.routedTokens).toBe(whole.totalTokens);
    expect(whole.standardError).toBe(0);
    expect(result.metrics.find(({ name }) => name === 'droppedTokenFraction')).not.toHaveProperty('interval');
    expect(result.detail.clusterings.find(({ name }) => name.endsWith('(this run)'))?.standardError).toBeNull();
    expect(isIssues(readStored(JSON.parse(JSON.stringify(result))))).toBe(false);
  });

  it('pauses between phases and layers, and ends where a pause rejects', async () => {
    const ended = (after: number): Promise<number> => {
      let pauses = 0;
      const pause = async (): Promise<void> => {
        pauses++;
        if (pauses === after) throw new Error('interrupted by the user');
      };
      return run((scenario) => ({ ...scenario, load: { kind: 'zipf', exponent: 1 } }), 1, tiny, pause).then(
        () => pauses,
        (error: Error) => {
          expect(error.message).toBe('interrupted by the user');
          return -pauses;
        },
      );
    };
    // Before and after the simulation, before each of two layers, and at the end.
    expect(await ended(Number.POSITIVE_INFINITY)).toBe(5);
    for (const after of [1, 3, 5]) expect(await ended(after)).toBe(-after);
  });

  it('needs no router for a dense model', async () => {
    const { result } = await run((scenario) => ({ ...scenario, model: { ...scenario.model, moe: null } }));
    expect(value(result, 'droppedTokenFraction')).toBe(0);
    expect(value(result, 'allToAllBytesPerDevice')).toBe(0);
    expect(result.detail.expertLoads).toEqual([]);
  });
});

describe('a comparison', () => {
  it('routes anew what differs in more than router and capacity: precision of the router, group rule', async () => {
    const { scenario } = tiny;
    const changed = (vary: Record<string, unknown>, change: Partial<Scenario>) => ({ vary, scenario: { ...scenario, ...change } });
    const variants = [
      changed({ 'precision.router': 'f32' }, {}),
      changed({ 'precision.router': 'bf16' }, { precision: { ...scenario.precision, router: 'bf16' } }),
      changed({ 'routing.groupRule': 'device' }, { routing: { ...scenario.routing, groupRule: 'device' } }),
    ];
    const { chip } = tiny;
    const facts = { provenance: { version: 'test', node: 'test', startedAt: 'test' }, clock: () => 0, chip, warnings: [] };
    const executor = createThreadExecutor({ threads: 2 });
    const { variants: shown } = await runComparison({ name: 'tiny', question: '', variants, seeds: 2, executor, ...facts });
    const loads = shown.map(({ metrics }) => metricValue(metrics, 'maxOverMeanExpertLoad'));
    expect(new Set(loads.slice(0, 2)).size).toBe(2);
    const slots = shown.map(({ metrics }) => metricValue(metrics, 'expertCapacity'));
    expect(slots[2]).toBeGreaterThan(slots[0] ?? Number.NaN);
  });

  it('pairs variants by seed and shares their scores', async () => {
    const variants = (['switch-top1', 'gshard-top2'] as const).flatMap((router) =>
      [1, 2].map((capacityFactor) => ({
        vary: { 'routing.router': router, 'routing.capacityFactor': capacityFactor },
        scenario: { ...tiny.scenario, routing: { ...tiny.scenario.routing, router, options: {}, capacityFactor } },
      })),
    );
    const comparison = await runComparison({
      name: 'tiny',
      question: '',
      variants,
      seeds: 5,
      chip: tiny.chip,
      warnings: [],
      executor: createThreadExecutor({ threads: 2 }),
      provenance: { version: 'test', node: 'test', startedAt: 'test' },
      clock: () => 0,
    });
    expect(comparison.variants.map((variant) => variant.vary)).toEqual(variants.map((variant) => variant.vary));
    const bigger = comparison.paired.find((row) => row.metric === 'droppedTokenFraction' && row.vary['routing.capacityFactor'] === 2);
    // The same scores with more slots: fewer drops under every seed, so the whole interval is below zero.
    expect(bigger?.seeds).toBe(5);
    expect(bigger?.interval[1]).toBeLessThan(0);
    expect(comparison.ratios[0].ratios.allToAllBytesPerDevice).toBeCloseTo(2, 1);
  });
});

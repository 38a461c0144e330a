import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createThreadExecutor } from '../../src/cluster/index.ts';
import { loadScenario, parseScenario } from '../../src/intake/index.ts';
import { type Comparison, type MetricName, metricValue, variedValueText } from '../../src/result/index.ts';
import { createRouter, ROUTERS } from '../../src/routing/index.ts';
import { runComparison, runStudy } from '../../src/study/index.ts';

const ROUTED = Object.keys(ROUTERS).filter((name) => !createRouter(name).reads.includes('recorded'));
const TINY = readFileSync('scenarios/tiny.yaml', 'utf8');
const facts = {
  warnings: [],
  provenance: { version: 'test', node: 'test', startedAt: 'test' },
  clock: () => 0,
};

function withRouters(routers: readonly string[]): Promise<Comparison> {
  const { variants, chip } = parseScenario('scenarios/tiny.yaml', `${TINY}vary: { routing.router: [${routers.join(', ')}] }\n`);
  return runComparison({ name: 'tiny', question: '', variants, chip, seeds: 1, executor: createThreadExecutor({ threads: 1 }), ...facts });
}

describe('a comparison of routers', () => {
  it('shows what every one of them costs', async () => {
    const { variants } = await withRouters(ROUTED);
    expect(variants.map(({ vary }) => vary['routing.router'])).toEqual(ROUTED);
    for (const [row, { metrics }] of variants.entries()) {
      const value = (name: MetricName): number => metricValue(metrics, name) ?? Number.NaN;
      const router = createRouter(ROUTED[row]);
      for (const { name, value: found } of metrics) expect(Number.isFinite(found), `${ROUTED[row]} ${name}`).toBe(true);
      // Two Switch layers, forward and backward.
      expect(value('allToAllsPerStep')).toBe(2 * 2 * router.allToAlls);
      expect(value('slotsPerToken')).toBe((8 * value('expertCapacity')) / 128);
      expect(value('choicesPerToken')).toBeGreaterThanOrEqual(1);
      expect(value('choicesPerToken')).toBeLessThanOrEqual(router.ownCapacity === null ? router.topK : value('slotsPerToken'));
    }
  }, 30_000);

  it('takes options, and names variants by router and options', async () => {
    const { variants } = await withRouters(['switch-top1', '{ name: topk, topK: 4 }', '{ name: topk, topK: 4, normalise: after-drop }']);
    expect(variants.map(({ vary }) => variedValueText(vary['routing.router']))).toEqual([
      'switch-top1',
      'topk topK=4',
      'topk topK=4 normalise=after-drop',
    ]);
    expect(variants.map(({ metrics }) => metricValue(metrics, 'choicesPerToken'))).toEqual([1, 4, 4]);
  });

  it('counts choices and all-to-alls of a dense model as none', async () => {
    const { scenario, chip } = loadScenario('scenarios/tiny.yaml');
    const dense = { ...scenario, model: { ...scenario.model, moe: null } };
    const executor = createThreadExecutor({ threads: 1 });
    const { result } = await runStudy({ scenario: dense, chip, published: [], executor, ...facts });
    for (const name of ['allToAllsPerStep', 'slotsPerToken', 'choicesPerToken'] as const) expect(metricValue(result.metrics, name)).toBe(0);
  });
});

describe('a run', () => {
  it.each([
    ['hash', /number of its cluster/],
    ['task', /one of 8 domains/],
    ['multi-gate', /experts in another order/],
    ['noisy-topk', /W_noise is zero/],
    ['loss-free', /balanced before, on tokens that are not in this step/],
    ['s-base', /most passes that it may: 100/],
  ])('under %s says what the router was given', async (router, sentence) => {
    const { scenario, chip } = parseScenario('scenarios/tiny.yaml', TINY.replace('router: switch-top1', `router: ${router}`));
    const emulate = { tokens: 256, layers: 1, verifyShare: 0 } as const;
    const { result } = await runStudy({
      scenario: { ...scenario, emulate },
      chip,
      published: [],
      executor: createThreadExecutor({ threads: 1 }),
      ...facts,
    });
    expect(result.detail.assumptions.filter((line) => sentence.test(line))).toHaveLength(1);
  });

  it.each(['expert-choice', 'base', 'hash', 'topk'])(
    'under %s predicts the dispatched bytes exactly, and tells layer by layer what happened',
    async (router) => {
      const { scenario, chip } = parseScenario('scenarios/tiny.yaml', TINY.replace('router: switch-top1', `router: ${router}`));
      const { result } = await runStudy({ scenario, chip, published: [], executor: createThreadExecutor({ threads: 1 }), ...facts });
      for (const { executedBytesToOthers, predictedBytesToOthers } of result.detail.traffic) {
        expect(executedBytesToOthers).toBe(predictedBytesToOthers);
      }
      expect(result.detail.verification?.differingValues).toBe(0);
      for (const { kept, slotsPerExpert, requested, ...layer } of result.detail.expertLoads) {
        const keptChoices = kept.reduce((sum, count) => sum + count, 0);
        expect(layer.expertUsage).toBeCloseTo(keptChoices / (slotsPerExpert * 8), 12);
        expect(layer.expertUsage).toBeLessThanOrEqual(1);
        expect(layer.idleExperts).toBe(requested.filter((count) => count === 0).length);
        expect(layer.loadEntropy).toBeGreaterThan(0.5);
        expect(layer.loadEntropy).toBeLessThanOrEqual(1);
        expect(layer.routerZLoss === null).toBe(router === 'hash');
      }
      if (router === 'base' || router === 'expert-choice') {
        for (const { expertUsage, loadEntropy } of result.detail.expertLoads) expect([expertUsage, loadEntropy]).toEqual([1, 1]);
      }
    },
  );
});

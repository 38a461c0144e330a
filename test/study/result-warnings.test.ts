import { describe, expect, it } from 'vitest';
import { createThreadExecutor } from '../../src/cluster/index.ts';
import { parseScenario } from '../../src/intake/index.ts';
import { metricValue, type Result } from '../../src/result/index.ts';
import type { Scenario } from '../../src/scenario/index.ts';
import { runStudy } from '../../src/study/index.ts';

/** Two Switch layers, of 2,048 and of 512 tokens, in groups of 128. */
const TOKENS = [2048, 512];
const SMALL = `
topology: tpu-v3:1x2
model: {name: small, family: encoder-decoder, encoderLayers: 2, decoderLayers: 2, dModel: 16, dFf: 32, heads: 2, headDim: 8, vocab: 64, experts: 8}
workload: {sequences: 32, sequenceLength: 64, targetLength: 16}
`;

/** A run of the small model with these further sections, and what it warns of once it has run, beside what the scenario shows already. */
async function run(sections: string, change: Partial<Scenario> = {}): Promise<{ result: Result; of: (code: string) => string[] }> {
  const { scenario, chip, warnings } = parseScenario('small.yaml', `${SMALL}${sections}\n`);
  const { result } = await runStudy({
    scenario: { ...scenario, ...change },
    chip,
    warnings,
    published: [],
    executor: createThreadExecutor({ threads: 1 }),
    provenance: { version: 'test', node: 'test', startedAt: 'test' },
    clock: () => 0,
  });
  return { result, of: (code) => result.warnings.filter((warning) => warning.code === code).map(({ message }) => message) };
}

/** One choice of every token of the first `layers` Switch layers, up to token `upTo`. */
function recording(layers: number, upTo: number): Scenario['load'] {
  const rows = TOKENS.slice(0, layers).flatMap((tokens, layer) =>
    Array.from({ length: Math.min(tokens, upTo) }, (_, token) => [layer, token, token % 8]),
  );
  const column = (index: number): number[] => rows.map((row) => row[index]);
  return { kind: 'trace', file: 'choices.csv', records: { layer: column(0), token: column(1), expert: column(2) } };
}

const GROUPS = (router: string, capacityFactor = 1.25): string =>
  `routing: {router: ${router}, groupTokens: 128, capacityFactor: ${capacityFactor}}`;

describe('W_SAMPLED', () => {
  it.each([
    ['all', 'all', []],
    ['all', 2, []],
    [2560, 'all', []],
    ['all', 1, ['1 of 2 Switch layers and 20.0 % of all token passes']],
    [1280, 'all', ['2 of 2 Switch layers and 50.0 % of all token passes']],
  ])('says what was routed under emulate: {tokens: %s, layers: %s}, where that is not all', async (tokens, layers, parts) => {
    const { of } = await run(`${GROUPS('switch-top1')}\nemulate: {tokens: ${tokens}, layers: ${layers}}`);
    expect(of('W_SAMPLED')).toHaveLength(parts.length);
    for (const part of parts) expect(of('W_SAMPLED')[0]).toContain(`Routing was executed for ${part}`);
  });

  it.each([
    [2, 2048, []],
    [1, 2048, ['1 of 2 Switch layers and 80.0 %']],
    [2, 512, ['2 of 2 Switch layers and 40.0 %']],
    [1, 128, ['1 of 2 Switch layers and 5.0 %']],
  ])('says what of %d layers and %d tokens was recorded, where that is not all', async (layers, upTo, parts) => {
    const { of, result } = await run(GROUPS('topk'), { load: recording(layers, upTo) });
    expect(of('W_SAMPLED')).toHaveLength(parts.length);
    for (const part of parts) expect(of('W_SAMPLED')[0]).toContain(`Choices were recorded for ${part}`);
    expect(metricValue(result.metrics, 'choicesPerToken')).toBe(1);
  });

  it('goes with the sentence about layers that were not routed, without slots', async () => {
    for (const layers of [1, 2]) {
      const { result } = await run('routing: {router: topk, groupTokens: 128, dispatch: dropless}', { load: recording(layers, 2048) });
      expect(result.detail.assumptions.filter((line) => line.includes('A layer that was not routed'))).toHaveLength(2 - layers);
    }
  });
});

describe('MFU of a recording', () => {
  it('counts the recorded choices, and is not above HFU without slots', async () => {
    const whole = await run(GROUPS('switch-top1', 4), { load: recording(2, 2048) });
    for (const [layers, upTo] of [
      [2, 2048],
      [1, 128],
    ]) {
      const { result } = await run(GROUPS('topk', 4), { load: recording(layers, upTo) });
      const flops = ({ metrics }: Result): number => (metricValue(metrics, 'mfu') ?? 0) * (metricValue(metrics, 'stepSeconds') ?? 0);
      expect(flops(result) / flops(whole.result)).toBeCloseTo(1, 12);
      const dropless = await run('routing: {router: topk, groupTokens: 128, dispatch: dropless}', { load: recording(layers, upTo) });
      const { metrics } = dropless.result;
      expect(metricValue(metrics, 'mfu')).toBeLessThanOrEqual(metricValue(metrics, 'hfu') ?? 0);
      expect(flops(dropless.result) / flops(whole.result)).toBeCloseTo(1, 12);
    }
  });
});

describe('W_PADDING', () => {
  it('says which share of the places is padding, and MFU counts its experts under no dispatch', async () => {
    const flops: number[] = [];
    for (const dispatch of ['einsum', 'dropless']) {
      const { result, of } = await run(
        `routing: {router: switch-top1, groupTokens: 128, dispatch: ${dispatch}}\nload: {kind: source-ragged, least: 0.25}`,
      );
      // Four devices fill 1, 0.75, 0.5 and 0.25 of their groups.
      expect(of('W_PADDING')).toEqual([expect.stringContaining('37.5 % of the places')]);
      flops.push((metricValue(result.metrics, 'mfu') ?? 0) * (metricValue(result.metrics, 'stepSeconds') ?? 0));
    }
    expect(flops[0] / flops[1]).toBeCloseTo(1, 12);
    const { result, of } = await run(`${GROUPS('switch-top1')}\nload: {kind: balanced}`);
    expect(of('W_PADDING')).toEqual([]);
    expect(flops[0]).toBeLessThan((metricValue(result.metrics, 'mfu') ?? 0) * (metricValue(result.metrics, 'stepSeconds') ?? 0));
  });
});

describe('W_CHOICES_LOST', () => {
  it('leaves it to W_DROP_RATE where many tokens lost all of their choices', async () => {
    const { result, of } = await run(GROUPS('task'));
    expect(metricValue(result.metrics, 'droppedTokenFraction')).toBeGreaterThan(0.2);
    const [kept, requested] = (['kept', 'requested'] as const).map((counts) =>
      result.detail.expertLoads.flatMap((row) => row[counts]).reduce((sum, count) => sum + count, 0),
    );
    expect(1 - kept / requested).toBeGreaterThan(0.2);
    expect(of('W_DROP_RATE')).toHaveLength(1);
    expect(of('W_CHOICES_LOST')).toEqual([]);
  });

  it('stands where few tokens are dropped', async () => {
    const { result, of } = await run(`${GROUPS('topk', 1)}\nload: {kind: uniform}`);
    expect(metricValue(result.metrics, 'droppedTokenFraction')).toBeLessThan(0.2);
    expect(of('W_CHOICES_LOST')).toEqual([expect.stringMatching(/few tokens lost all of theirs/)]);
  });
});

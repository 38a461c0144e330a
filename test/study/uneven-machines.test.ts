import { describe, expect, it } from 'vitest';
import { createThreadExecutor } from '../../src/cluster/index.ts';
import { isTwisted } from '../../src/hardware/index.ts';
import { parseScenario } from '../../src/intake/index.ts';
import { metricValue } from '../../src/result/index.ts';
import { runStudy } from '../../src/study/index.ts';

/** A step whose experts are spread over the slice, on wires and devices as `topology` says; the load is even, so nothing is routed. */
async function run(topology: string, seed = 7) {
  const text = `topology: ${topology}\nseed: ${seed}\nmodel: {preset: switch-base, encoderLayers: 2, decoderLayers: 2}\nload: {kind: balanced}\n`;
  const { scenario, chip } = parseScenario('uneven.yaml', text);
  const output = await runStudy({
    scenario,
    chip,
    warnings: [],
    published: [],
    executor: createThreadExecutor({ threads: 1 }),
    provenance: { version: 'test', node: 'test', startedAt: 'test' },
    clock: () => 0,
  });
  const seconds = metricValue(output.result.metrics, 'stepSeconds') ?? Number.NaN;
  return { ...output, seconds, sentences: output.result.detail.assumptions.join('\n') };
}

describe('a step on wires and devices that are not all alike', () => {
  const even = run('{chip: tpu-v3, shape: [4, 4]}');

  it('goes round a broken link, over which nothing is carried, and takes longer', async () => {
    const { topology, trace, seconds, sentences } = await run('{chip: tpu-v3, shape: [4, 4], brokenLinks: [[[0, 0], [1, 0]]]}');
    expect(topology.links.count).toBe((await even).topology.links.count - 2);
    expect([...topology.links.from].some((from, row) => from === 0 && topology.links.to[row] === 1)).toBe(false);
    expect(trace.links.bytes).toHaveLength(topology.links.count);
    expect(seconds).toBeGreaterThan((await even).seconds);
    expect(sentences).toContain('Wires between chips 0 and 1 are broken');
  });

  it('waits for a slow link', async () => {
    const { seconds, sentences } = await run('{chip: tpu-v3, shape: [4, 4], slowLinks: [{between: [5, 6], factor: 4}]}');
    expect(seconds).toBeGreaterThan((await even).seconds);
    expect(sentences).toContain('between chips 5 and 6 (1/4)');
  });

  it('is longer by at most what jitter and lateness add, and the seed decides by how much', async () => {
    const base = (await even).seconds;
    const [jittered, again, other] = await Promise.all([7, 7, 8].map((seed) => run('{chip: tpu-v3, shape: [4, 4], jitter: 0.05}', seed)));
    expect(jittered.seconds).toBe(again.seconds);
    expect(jittered.seconds).not.toBe(other.seconds);
    expect(jittered.seconds).toBeGreaterThan(base);
    expect(jittered.seconds).toBeLessThan(base * 1.05);
    expect(jittered.sentences).toContain('up to 5 % longer');
    const late = await run('{chip: tpu-v3, shape: [4, 4], startSkew: [{device: 3, seconds: 0.01}]}');
    expect(late.seconds).toBeGreaterThan(base);
    expect(late.seconds).toBeLessThanOrEqual(base + 0.01 + 1e-9);
    expect(late.sentences).toContain('3 by 10000 µs');
  });

  it('is no longer on a twisted torus, whose all-to-alls are shorter', async () => {
    const [plain, twisted] = await Promise.all([run('tpu-v4:4x4x8'), run('tpu-v4:4x4x8_twisted')]);
    expect([isTwisted(plain.topology), isTwisted(twisted.topology)]).toEqual([false, true]);
    expect(twisted.seconds).toBeLessThan(plain.seconds);
    expect(twisted.sentences).toContain('half-way round');
  });
});

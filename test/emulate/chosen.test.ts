import { describe, expect, it } from 'vitest';
import { type ChosenRequest, drawnLoad, droppedTokenShare, recordedLoad } from '../../src/emulate/index.ts';
import { expectedDroppedTokenFraction } from '../../src/routing/index.ts';
import type { LayerLoad } from '../../src/scenario/index.ts';
import { SMALL, total } from './support.ts';

function bytesOf({ tokenTraffic }: LayerLoad): Float64Array {
  return tokenTraffic?.bytes ?? new Float64Array();
}

const BIG: ChosenRequest = {
  ...SMALL,
  stacks: [
    {
      stack: 'encoder',
      tokens: 131072,
      groupTokens: 1024,
      sequenceLength: 1024,
      layers: [1, 3],
      groups: Array.from({ length: 64 }, (_, i) => i * 2),
    },
  ],
  experts: 64,
  totalLayers: 2,
};

describe('drawn experts', () => {
  it('drop what the binomial law expects when they are uniform', async () => {
    const [load] = await drawnLoad(BIG, 0);
    expect(load.kind).toBe('uniform');
    const { expertCapacity } = load.layers[0];
    const { value, standardError } = droppedTokenShare(load);
    expect(Math.abs(value - expectedDroppedTokenFraction(1024, 64, expertCapacity))).toBeLessThan(4 * Math.SQRT2 * standardError);
    expect(load.layers[0].requested).not.toEqual(load.layers[1].requested);
    expect(load.layers[0].auxiliaryLoss).toBeNaN();
    expect(load.verification).toBeNull();
  });

  it('follow the Zipf law in an order of their own per layer', async () => {
    const [load] = await drawnLoad(BIG, 1);
    expect(load.kind).toBe('zipf');
    const ranked = load.layers.map(({ requested }) => Array.from(requested).sort((a, b) => b - a));
    const tokens = 64 * 1024;
    const harmonic = Array.from({ length: 64 }, (_, i) => 1 / (i + 1)).reduce((sum, x) => sum + x, 0);
    for (const counted of ranked) {
      for (const rank of [1, 2, 4]) expect(counted[rank - 1] / tokens / (1 / (rank * harmonic))).toBeCloseTo(1, 1);
    }
    const hottest = load.layers.map(({ requested }) => requested.indexOf(Math.max(...requested)));
    expect(hottest[0]).not.toBe(hottest[1]);
  });

  it('are different for the two choices of a token', async () => {
    const variants = [{ router: 'gshard-top2', options: {}, capacityFactor: 64, capacityRule: 'mesh-tf' }];
    const [load] = await drawnLoad({ ...SMALL, experts: 2, variants }, 2);
    // Two experts and two different choices: every token asks for both.
    for (const layer of load.layers)
      expect(Array.from(layer.requested)).toEqual([layer.groups * layer.groupTokens, layer.groups * layer.groupTokens]);
  });

  it('follow the law of drawing without replacement, however steep it is', async () => {
    const variants = [{ router: 'gshard-top2', options: {}, capacityFactor: 64, capacityRule: 'mesh-tf' }];
    const [load] = await drawnLoad({ ...BIG, experts: 4, variants }, 2);
    // p = 1, 1/4, 1/9, 1/16 over their sum; expert i is asked by a token with probability p_i + sum over j of p_j p_i / (1 - p_j).
    const weights = [1, 1 / 4, 1 / 9, 1 / 16];
    const p = weights.map((weight) => weight / total(weights));
    const asked = p.map((own, i) => own + total(p.map((other, j) => (j === i ? 0 : (other * own) / (1 - other)))));
    for (const layer of load.layers) {
      const shares = Array.from(layer.requested, (count) => count / (layer.groups * layer.groupTokens)).sort((a, b) => b - a);
      for (const [rank, share] of shares.entries()) expect(Math.abs(share - asked[rank])).toBeLessThan(0.01);
    }
    // All but one choice in a thousand fall on the first expert: drawing until another one comes would take a thousand times as long.
    const started = performance.now();
    const [steep] = await drawnLoad({ ...BIG, variants }, 10);
    expect(performance.now() - started).toBeLessThan(5000);
    for (const layer of steep.layers) {
      expect(Math.max(...layer.requested)).toBe(layer.groups * layer.groupTokens);
      expect(total(layer.requested)).toBe(2 * layer.groups * layer.groupTokens);
    }
  });

  it('are the same for the same seed only', async () => {
    expect((await drawnLoad(SMALL, 0))[0].fingerprint).toBe((await drawnLoad(SMALL, 0))[0].fingerprint);
    expect((await drawnLoad({ ...SMALL, seed: 8 }, 0))[0].fingerprint).not.toBe((await drawnLoad(SMALL, 0))[0].fingerprint);
  });
});

describe('a pause', () => {
  it('comes before every layer of every variant, and ends the work when it rejects', async () => {
    const variants = [1, 2].map((capacityFactor) => ({ ...SMALL.variants[0], capacityFactor }));
    let pauses = 0;
    await drawnLoad({ ...SMALL, variants }, 1, async () => {
      pauses++;
    });
    expect(pauses).toBe(2 * 3);
    const stop = (): Promise<void> => Promise.reject(new Error('interrupted by the user'));
    await expect(drawnLoad(SMALL, 1, stop)).rejects.toThrow('interrupted by the user');
  });
});

describe('recorded experts', () => {
  /** One record per token of the given groups of one layer. */
  const record = (layer: number, groupTokens: number, groups: readonly number[], expertOf: (token: number) => number) =>
    groups.flatMap((group) =>
      Array.from({ length: groupTokens }, (_, i) => ({ layer, token: group * groupTokens + i, expert: expertOf(group * groupTokens + i) })),
    );
  const columns = (rows: readonly { layer: number; token: number; expert: number }[]) => ({
    layer: rows.map(({ layer }) => layer),
    token: rows.map(({ token }) => token),
    expert: rows.map(({ expert }) => expert),
  });

  it('are seated in token order and counted; what is not recorded counts as not sampled', async () => {
    // Layer 0: two whole groups on one expert; layer 2, the decoder's: balanced; layer 1: not a whole group.
    const rows = [
      ...record(0, 64, [1, 4], () => 5),
      ...record(2, 40, [0, 1, 2, 3], (token) => token % 8),
      { layer: 1, token: 0, expert: 0 },
    ];
    const [load] = await recordedLoad(SMALL, columns(rows));
    expect(load.kind).toBe('trace');
    expect(load.totalLayers).toBe(3);
    expect(load.layers.map(({ stack, layer, groups, totalGroups }) => ({ stack, layer, groups, totalGroups }))).toEqual([
      { stack: 'encoder', layer: 1, groups: 2, totalGroups: 8 },
      { stack: 'decoder', layer: 1, groups: 4, totalGroups: 4 },
    ]);
    const [collapsed, balanced] = load.layers;
    expect(Array.from(collapsed.routedGroups)).toEqual([1, 4]);
    expect(collapsed.expertCapacity).toBe(10);
    expect(Array.from(collapsed.kept)).toEqual([0, 0, 0, 0, 0, 20, 0, 0]);
    expect(collapsed.droppedTokens).toBe(128 - 20);
    expect(balanced.droppedTokens).toBe(0);
    // Group 1 of 8 lies on device 0, group 4 on device 2; expert 5 of 8 lies on device 2 of 4.
    const bytes = 10 * SMALL.dModel * 2;
    expect(bytesOf(collapsed)[0 * 4 + 2]).toBe(bytes);
    expect(bytesOf(collapsed)[2 * 4 + 2]).toBe(bytes);
    expect(total(bytesOf(collapsed))).toBe(2 * bytes);
  });

  it('may lack second choices', async () => {
    const rows = record(2, 40, [0, 1, 2, 3], (token) => token % 8).flatMap((row) =>
      row.token % 2 === 0 ? [row, { ...row, expert: (row.expert + 1) % 8 }] : [row],
    );
    const variants = [{ router: 'mtf-top2', options: {}, capacityFactor: 4, capacityRule: 'mesh-tf' }];
    const [load] = await recordedLoad({ ...SMALL, variants }, columns(rows));
    expect(total(load.layers[0].requested)).toBe(160 + 80);
  });

  it('are refused outside the model, and when no group is whole', async () => {
    const whole = record(0, 64, [0], () => 1);
    for (const wrong of [
      { layer: 3, token: 0, expert: 0 },
      { layer: 0, token: 512, expert: 0 },
      { layer: 0, token: 0, expert: 8 },
      { layer: 0, token: 0, expert: -1 },
    ]) {
      await expect(recordedLoad(SMALL, columns([...whole, wrong]))).rejects.toThrow(/E_TRACE_RANGE.*record 65: layer.*0 to 7/);
    }
    await expect(recordedLoad(SMALL, columns(whole.slice(1)))).rejects.toThrow(/E_TRACE_SHORT .*group of 40 tokens/);
  });
});

import { describe, expect, it } from 'vitest';
import { drawnLoad, droppedTokenShare, type EmulationRequest, emulate } from '../../src/emulate/index.ts';
import { plainExecutor, SMALL, total } from './support.ts';

const [variant] = SMALL.variants;
const DROPLESS: EmulationRequest = { ...SMALL, variants: [{ ...variant, dispatch: 'dropless' }] };

describe('dropless dispatch', () => {
  it('keeps every choice, of the same choices as with slots', async () => {
    const [load] = await emulate(DROPLESS, plainExecutor);
    const [padded] = await emulate(SMALL, plainExecutor);
    expect(droppedTokenShare(padded).value).toBeGreaterThan(0);
    expect(droppedTokenShare(load)).toEqual({ value: 0, standardError: 0 });
    load.layers.forEach((layer, row) => {
      expect(layer.requested).toEqual(padded.layers[row].requested);
      expect(layer.kept).toEqual(layer.requested);
      expect(layer.expertCapacity).toBe(layer.groupTokens);
    });
  });

  it.each(['bf16', 'f32'] as const)('hands over the rows that were routed and no others, in %s', async (dispatchDtype) => {
    const variants = ['switch-top1', 'gshard-top2'].map((router) => ({ ...variant, router, options: {}, dispatch: 'dropless' as const }));
    for (const own of variants) {
      const [load] = await emulate({ ...DROPLESS, variants: [own], dispatchDtype }, plainExecutor);
      expect(load.slotTraffic).toHaveLength(load.layers.length);
      load.layers.forEach((layer, row) => {
        // Buffers were laid out and filled; the counts of the router's choices never saw them.
        expect(load.slotTraffic?.[row]).toEqual(layer.tokenTraffic);
        expect(total(load.slotTraffic?.[row].bytes ?? [])).toBe(total(layer.kept) * SMALL.dModel * (dispatchDtype === 'bf16' ? 2 : 4));
      });
    }
  });

  it('is verified like the other', async () => {
    for (const verifyShare of [0.001, 0.05, 0.3]) {
      const [{ verification }] = await emulate({ ...DROPLESS, verifyShare }, plainExecutor);
      expect(verification?.tokensShare).toBeGreaterThanOrEqual(verifyShare);
      expect(verification?.devices).toBe(SMALL.devices);
      expect(verification?.differingValues).toBe(0);
    }
  });

  it('drops nothing of drawn choices either, however skewed', async () => {
    const [skewed] = await drawnLoad(DROPLESS, 3);
    expect(droppedTokenShare(skewed).value).toBe(0);
    expect(skewed.layers.map(({ kept }) => total(kept))).toEqual([512, 512, 160]);
  });

  it('stands beside dispatch with slots in one emulation', async () => {
    const [padded, dropless] = await emulate({ ...SMALL, variants: [variant, { ...variant, dispatch: 'dropless' }] }, plainExecutor);
    const [alone] = await emulate(DROPLESS, plainExecutor);
    expect(dropless.layers).toEqual(alone.layers);
    expect(dropless.slotTraffic).toBeNull();
    expect(padded).toEqual((await emulate(SMALL, plainExecutor))[0]);
  });
});

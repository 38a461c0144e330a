import { describe, expect, it } from 'vitest';
import {
  createInProcessExecutor,
  droppedTokenShare,
  type EmulationRequest,
  emulate,
  type RoutingVariant,
} from '../../src/emulate/index.ts';
import { fillRouterWeights } from '../../src/emulate/router-weights.ts';
import { layerKey, stackNumber } from '../../src/emulate/shards.ts';
import {
  bf16Value,
  compileModule,
  createKernelMemory,
  createTiledTable,
  createWasmTable,
  kernelModuleBytes,
} from '../../src/kernels/index.ts';
import expectedDrop from '../vectors/expected_drop.json' with { type: 'json' };
import { plainExecutor, SMALL, tokenBits, total } from './support.ts';

const wasmModule = compileModule(kernelModuleBytes());
const wasmExecutor = createInProcessExecutor((bytes) => {
  const memory = createKernelMemory(bytes);
  return { fast: createWasmTable(memory, wasmModule), oracle: createTiledTable(memory) };
});

/** Requested choices per expert of one layer by the shortest way: first largest of x . w, no softmax, no groups. */
function countByHand(request: EmulationRequest, stackRow: number, layerRow: number): number[] {
  const { dModel, experts, seed, clustering } = request;
  const { stack, tokens, layers } = request.stacks[stackRow];
  const law = { seed, stack: stackNumber(stack), clustering, dModel };
  const rows = tokenBits(law, 0, tokens);
  const weights = new Float32Array(dModel * experts);
  fillRouterWeights(weights, experts, 0, request, seed, layerKey(stack, layers[layerRow]));
  const counted = new Array<number>(experts).fill(0);
  for (let token = 0; token < tokens; token++) {
    const logits = Array.from({ length: experts }, (_, expert) => {
      let logit = 0;
      for (let k = 0; k < dModel; k++) logit += bf16Value(rows[token * dModel + k]) * weights[k * experts + expert];
      return logit;
    });
    counted[logits.indexOf(Math.max(...logits))]++;
  }
  return counted;
}

describe('emulate', () => {
  it('counts the choices that plain arithmetic makes', async () => {
    const [load] = await emulate(SMALL, plainExecutor);
    expect(load.layers.map(({ stack, layer }) => [stack, layer])).toEqual([
      ['encoder', 1],
      ['encoder', 3],
      ['decoder', 1],
    ]);
    expect(Array.from(load.layers[0].requested)).toEqual(countByHand(SMALL, 0, 0));
    expect(Array.from(load.layers[1].requested)).toEqual(countByHand(SMALL, 0, 1));
    expect(Array.from(load.layers[2].requested)).toEqual(countByHand(SMALL, 1, 0));
  });

  it('loses no token and no byte', async () => {
    const variants: RoutingVariant[] = ['switch-top1', 'gshard-top2', 'mtf-top2'].flatMap((router) =>
      [1, 2].map((capacityFactor) => ({ router, options: {}, capacityFactor, capacityRule: 'mesh-tf' })),
    );
    for (const load of await emulate({ ...SMALL, variants }, plainExecutor)) {
      for (const layer of load.layers) {
        const { groups, groupTokens, topK, experts, expertCapacity } = layer;
        expect(total(layer.requested)).toBeLessThanOrEqual(groups * groupTokens * topK);
        expect(total(layer.requested)).toBeGreaterThanOrEqual(groups * groupTokens);
        for (let expert = 0; expert < experts; expert++) {
          expect(layer.kept[expert]).toBeLessThanOrEqual(Math.min(layer.requested[expert], groups * expertCapacity));
        }
        expect(total(layer.droppedShareByGroup) * groupTokens).toBeCloseTo(layer.droppedTokens, 6);
        if (topK === 1) expect(total(layer.kept) + layer.droppedTokens).toBe(groups * groupTokens);
        expect(total(layer.tokenTraffic?.bytes ?? [])).toBe(total(layer.kept) * SMALL.dModel * 2);
        expect(layer.auxiliaryLoss).toBeGreaterThan(0.9);
        expect(layer.routerConfidence).toBeGreaterThan(1 / experts);
        expect(layer.routerZLoss).toBeGreaterThan(0);
      }
    }
  });

  it.each(['bf16', 'f32'] as const)('hands over every slot of the padded dispatch in %s, whatever it holds', async (dispatchDtype) => {
    const variants = [{ ...SMALL.variants[0], capacityFactor: 1.25 }, SMALL.variants[0]];
    const [first, second] = await emulate({ ...SMALL, variants, dispatchDtype }, plainExecutor);
    expect(second.slotTraffic).toBeNull();
    expect(first.slotTraffic).toHaveLength(first.layers.length);
    const bytes = dispatchDtype === 'bf16' ? 2 : 4;
    first.layers.forEach((layer, row) => {
      // 8 groups of 64 tokens with 10 slots per expert, or 4 groups of 40 tokens with 6; 4 devices with 2 experts each.
      const slotsPerPair = layer.stack === 'encoder' ? 2 * 2 * 10 : 1 * 2 * 6;
      const perPair = slotsPerPair * SMALL.dModel * bytes;
      const traffic = first.slotTraffic?.[row];
      expect(Array.from(traffic?.bytes ?? [])).toEqual(new Array(16).fill(perPair));
      expect(traffic?.bytesToOthers).toBe(12 * perPair);
      layer.tokenTraffic?.bytes.forEach((kept) => {
        expect(kept).toBeLessThanOrEqual(perPair);
      });
      expect(total(layer.tokenTraffic?.bytes ?? [])).toBe(total(layer.kept) * SMALL.dModel * bytes);
    });
    expect(first.verification?.differingValues).toBe(0);
    expect(first.verification).toEqual((await emulate({ ...SMALL, variants }, plainExecutor))[0].verification);
  });

  it('moves nothing between devices that all hold all experts', async () => {
    const [load] = await emulate({ ...SMALL, tokensTravel: false }, plainExecutor);
    const [spread] = await emulate(SMALL, plainExecutor);
    expect(load.slotTraffic).toBeNull();
    expect(load.layers.every(({ tokenTraffic }) => tokenTraffic === null)).toBe(true);
    expect(load.layers.map(({ kept }) => kept)).toEqual(spread.layers.map(({ kept }) => kept));
    expect(load.verification).toEqual(spread.verification);
  });

  it('keeps the traffic of many devices in few rows', async () => {
    const stacks = [{ ...SMALL.stacks[0], groups: [0, 1, 2, 3, 4, 5, 6, 7] }];
    const [load] = await emulate({ ...SMALL, experts: 200, devices: 200, stacks, verifyShare: 0 }, plainExecutor);
    for (const traffic of [load.layers[0].tokenTraffic, load.slotTraffic?.[0]]) {
      expect(traffic).toMatchObject({ devices: 200, devicesPerRow: 4, rows: 50 });
      expect(traffic?.bytes).toHaveLength(2500);
    }
    // Every group lies on one device and so hands all experts but one to others.
    const slotBytes = load.layers[0].expertCapacity * SMALL.dModel * 2;
    expect(load.slotTraffic?.[0].bytesToOthers).toBe(8 * 199 * slotBytes);
    expect(total(load.slotTraffic?.[0].bytes ?? [])).toBe(8 * 200 * slotBytes);
  });

  it('gives the same bits on plain and on WebAssembly kernels, and others for another seed', async () => {
    const [plain] = await emulate(SMALL, plainExecutor);
    const [fast] = await emulate(SMALL, wasmExecutor);
    expect(fast.fingerprint).toBe(plain.fingerprint);
    expect(fast.layers).toEqual(plain.layers);
    const [other] = await emulate({ ...SMALL, seed: 8 }, plainExecutor);
    expect(other.fingerprint).not.toBe(plain.fingerprint);
  });

  it('routes each variant as if it were alone, and a sampled group as if all were routed', async () => {
    const variants: RoutingVariant[] = [
      { router: 'switch-top1', options: {}, capacityFactor: 1.25, capacityRule: 'mesh-tf' },
      { router: 'gshard-top2', options: {}, capacityFactor: 1, capacityRule: 'flaxformer' },
      { router: 'mtf-top2', options: {}, capacityFactor: 2, capacityRule: 'mesh-tf' },
    ];
    const together = await emulate({ ...SMALL, variants }, plainExecutor);
    for (let i = 0; i < variants.length; i++) {
      const [alone] = await emulate({ ...SMALL, variants: [variants[i]] }, plainExecutor);
      expect(alone.layers).toEqual(together[i].layers);
    }
    const [encoder] = SMALL.stacks;
    const [sampled] = await emulate({ ...SMALL, stacks: [{ ...encoder, groups: [2, 5], layers: [3] }] }, plainExecutor);
    const shares = together[0].layers[1].droppedShareByGroup;
    expect(Array.from(sampled.layers[0].droppedShareByGroup)).toEqual([shares[2], shares[5]]);
  });

  it('routes layers that are too wide to share a product', async () => {
    // 600 experts leave room for one layer per product.
    const wide = { ...SMALL, experts: 600, verifyShare: 0 };
    const [both] = await emulate(wide, wasmExecutor);
    const [encoder] = SMALL.stacks;
    const [single] = await emulate({ ...wide, stacks: [{ ...encoder, layers: [3] }] }, wasmExecutor);
    expect(single.layers[0]).toEqual(both.layers[1]);
  });

  it('reports progress up to the last item', async () => {
    const seen: string[] = [];
    await emulate({ ...SMALL, verifyShare: 0 }, plainExecutor, (done, of) => seen.push(`${done}/${of}`));
    // 2 centres, 3 layers of weights, 2 packings, 12 groups.
    expect(seen).toEqual(Array.from({ length: 19 }, (_, i) => `${i + 1}/19`));
  });

  it('refuses what does not fit in one memory, and says what to lower', async () => {
    const huge = { ...SMALL, dModel: 16384, dExpert: 65536 };
    await expect(emulate(huge, plainExecutor)).rejects.toThrow(
      /E_EMULATE_MEMORY.* MiB shared and \d+ MiB for each thread.*4 GiB.*verifyShare/,
    );
  });
});

describe('uniform routing', () => {
  it.each([
    { tokens: 128, experts: 8, cf: 1 },
    { tokens: 128, experts: 8, cf: 1.25 },
    { tokens: 512, experts: 8, cf: 1 },
    { tokens: 1024, experts: 64, cf: 1 },
    { tokens: 1024, experts: 128, cf: 1.5 },
  ])(
    'of independent tokens drops what the binomial law expects: $tokens tokens, $experts experts, cf $cf',
    async ({ tokens, experts, cf }) => {
      const expected = expectedDrop.rows.filter((row) => row.tokens === tokens && row.experts === experts && row.cf === cf);
      expect(expected).toHaveLength(1);
      const [{ capacity, expected_drop: expectedShare }] = expected;
      const groups = 64;
      const stack = { stack: 'encoder' as const, tokens: tokens * groups * 2, groupTokens: tokens, sequenceLength: tokens, layers: [1] };
      const request: EmulationRequest = {
        ...SMALL,
        clustering: 0,
        dModel: 256,
        experts,
        devices: 8,
        // Every second group, so that the standard error comes from the sample alone.
        stacks: [{ ...stack, groups: Array.from({ length: groups }, (_, i) => 2 * i) }],
        totalLayers: 1,
        variants: [{ router: 'switch-top1', options: {}, capacityFactor: cf, capacityRule: 'mesh-tf' }],
        verifyShare: 0,
      };
      const [load] = await emulate(request, wasmExecutor);
      expect(load.layers[0].expertCapacity).toBe(capacity);
      const { value, standardError } = droppedTokenShare(load);
      // Half of the groups are taken: without the finite population correction the error is sqrt(2) larger.
      const error = standardError * Math.SQRT2;
      expect(error).toBeLessThan(0.004);
      expect(Math.abs(value - expectedShare)).toBeLessThan(4 * error);
    },
  );

  it('of clustered tokens drops more, the more they cluster', async () => {
    const drops: number[] = [];
    for (const clustering of [0, 0.3, 0.6, 0.9]) {
      const stacks = [
        {
          stack: 'encoder' as const,
          tokens: 8192,
          groupTokens: 1024,
          sequenceLength: 1024,
          layers: [1, 3],
          groups: [0, 1, 2, 3, 4, 5, 6, 7],
        },
      ];
      const [load] = await emulate({ ...SMALL, clustering, dModel: 256, experts: 64, stacks, verifyShare: 0 }, wasmExecutor);
      drops.push(droppedTokenShare(load).value);
    }
    for (let i = 1; i < drops.length; i++) expect(drops[i]).toBeGreaterThan(drops[i - 1]);
    expect(drops[3]).toBeGreaterThan(2 * drops[0]);
  });
});

import { describe, expect, it } from 'vitest';
import { emulate } from '../../src/emulate/index.ts';
import { fillRouterWeights } from '../../src/emulate/router-weights.ts';
import { layerKey, stackNumber } from '../../src/emulate/shards.ts';
import { BF16, bf16Value, createRouterScores, routerScores, topK } from '../../src/kernels/index.ts';
import { plainExecutor, SMALL, tokenBits, total } from './support.ts';

/** Tokens per expert of one layer of the encoder by the reference router, which shares no code with the pod's. */
function countByReference(precision: 'f32' | 'bf16', layer: number): number[] {
  const { dModel, experts, seed, clustering } = SMALL;
  const { stack, tokens } = SMALL.stacks[0];
  const law = { seed, stack: stackNumber(stack), clustering, dModel };
  const bits = tokenBits(law, 0, tokens);
  const weight = new Float32Array(dModel * experts);
  fillRouterWeights(weight, experts, 0, SMALL, seed, layerKey(stack, layer));
  const shape = { tokens, dModel, experts };
  const scores = createRouterScores(BF16, shape);
  const globalTokens = Array.from({ length: tokens }, (_, token) => token);
  routerScores(
    BF16,
    shape,
    { precision, layer, tokens: globalTokens, jitter: null },
    { x: Float32Array.from(bits, bf16Value), weight },
    scores,
  );
  const chosen = new Int32Array(tokens);
  topK({ rows: tokens, columns: experts, k: 1 }, scores.probabilities, new Float32Array(tokens), chosen);
  const counted = new Array<number>(experts).fill(0);
  for (const expert of chosen) counted[expert]++;
  return counted;
}

describe('precision of the router', () => {
  it.each(['f32', 'bf16'] as const)('in %s the pod chooses as the reference router does', async (routerDtype) => {
    const [load] = await emulate({ ...SMALL, routerDtype }, plainExecutor);
    expect(Array.from(load.layers[0].requested)).toEqual(countByReference(routerDtype, 1));
    expect(Array.from(load.layers[1].requested)).toEqual(countByReference(routerDtype, 3));
  });

  it('bf16 changes choices, and loses no token', async () => {
    const [f32] = await emulate(SMALL, plainExecutor);
    const [bf16] = await emulate({ ...SMALL, routerDtype: 'bf16' }, plainExecutor);
    expect(bf16.layers.map(({ requested }) => Array.from(requested))).not.toEqual(f32.layers.map(({ requested }) => Array.from(requested)));
    for (const [row, { requested }] of bf16.layers.entries()) expect(total(requested)).toBe(total(f32.layers[row].requested));
  });
});

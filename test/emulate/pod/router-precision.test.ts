import { describe, expect, it } from 'vitest';
import { BF16, bf16Value, createRouterScores, roundToBf16, routerScores } from '../../../src/kernels/index.ts';
import { bf16Elements } from '../../../src/model/index.ts';
import { alone, differentDecisions, learn } from './learned.ts';
import { openPod, type SmallPod, valuesOf } from './support.ts';

const ALONE = '{ici: {data: 1}, expertsOver: none}';
const JITTER = 0.1;

describe.each(['f32', 'bf16'] as const)('a router in %s in a pod in bf16', (routerDtype) => {
  const small: SmallPod = { dtype: 'bf16', routerDtype, jitter: JITTER, expertCapacity: 8 };

  it('has the scores of the reference kernel, bit for bit', () => {
    const pod = openPod(ALONE, { ...small, cores: 1 });
    pod.upTo(0);
    const [core] = pod.plan.microbatches[0];
    const index = pod.plan.parameters.findIndex(({ name }) => name === 'router');
    const working = core.held[index]?.working;
    const sublayer = core.sublayers[3];
    if (working === undefined || sublayer?.kind !== 'switch') throw new Error('layer 1 has no router');
    const weight = Float32Array.from(bf16Elements(pod.memory.buffer, working), bf16Value);
    pod.upTo(1);
    const x = Float32Array.from(bf16Elements(pod.memory.buffer, sublayer.normed), bf16Value);
    const [tokens, experts] = sublayer.logits.shape;
    const shape = { tokens, dModel: 32, experts };
    const expected = createRouterScores(BF16, shape);
    const jitter = { epsilon: JITTER, seed: pod.plan.request.seed, step: 1 };
    const options = { precision: routerDtype, layer: 1, tokens: Int32Array.from({ length: tokens }, (_, token) => token), jitter };
    routerScores(BF16, shape, options, { x, weight }, expected);
    expect(valuesOf(pod.memory, sublayer.logits)).toEqual(expected.logits);
    expect(valuesOf(pod.memory, sublayer.probabilities)).toEqual(expected.probabilities);
    const weights = new Float32Array(pod.memory.buffer, sublayer.groups[0].weight, sublayer.groups[0].rows);
    expect(weights.every((one) => one === roundToBf16(one))).toBe(routerDtype === 'bf16');
  });

  it('chooses for the first batch on eight cores as on one, and learns', () => {
    const one = alone(small);
    const ours = learn(openPod('{ici: {data: 2, fsdp: 2, expert: 2}, expertsOver: expert}', small));
    const worst = Math.max(...ours.losses.map(({ crossEntropy }, step) => Math.abs(crossEntropy / one.losses[step].crossEntropy - 1)));
    expect(worst).toBeLessThan(2 ** -8);
    expect(differentDecisions({ ...ours, decisions: ours.decisions.slice(0, 1) }, one)).toBe(0);
    expect(one.losses[19].crossEntropy).toBeLessThan(one.losses[0].crossEntropy - 0.3);
  });
});

it('a router in bf16 is refused where everything else is f32', () => {
  expect(() => openPod(ALONE, { cores: 1, routerDtype: 'bf16' })).toThrow('a pod has no router in bf16 in a model in f32');
});

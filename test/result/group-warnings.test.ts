import { describe, expect, it } from 'vitest';
import { groupWarnings, hasOwnCapacity, hasSlots, readsCapacityFactor, variantTitle } from '../../src/result/index.ts';
import { SCENARIO } from './sample-result.ts';

describe('warnings of several variants', () => {
  const [wrap, drops] = ['W_WRAP_ASSUMED', 'W_DROP_RATE'].map((code) => ({ code, message: `about ${code}` }));
  const warned = (name: string, ...messages: string[]) => ({ name, warnings: messages.map((message) => ({ code: 'W_UNUSED', message })) });

  it('stand once, and name the variants when it is not all of them', () => {
    const variants = [
      { name: 'a', warnings: [wrap, drops] },
      { name: 'b', warnings: [wrap] },
      { name: 'c', warnings: [wrap, drops] },
    ];
    expect(groupWarnings(variants)).toEqual([wrap, { code: 'W_DROP_RATE', message: 'a, c: about W_DROP_RATE' }]);
    expect(groupWarnings([warned('a'), warned('b')])).toEqual([]);
  });

  it('become one with ranges when they differ in numbers alone', () => {
    const of = (share: string, factor: string) => `${share} % of f32 on tpu-v3:4x4 at ${factor}; more.`;
    expect(
      groupWarnings([warned('a', of('9.5', '1.25')), warned('b', of('38.0', '1.25')), warned('c', of('12', '2')), warned('d')]),
    ).toEqual([{ code: 'W_UNUSED', message: 'a, b, c: 9.5 to 38.0 % of f32 on tpu-v3:4x4 at 1.25 to 2; more.' }]);
    expect(groupWarnings([warned('a', '1 of f32'), warned('b', '1 of f16')]).map(({ message }) => message)).toEqual([
      'a: 1 of f32',
      'b: 1 of f16',
    ]);
  });

  it('do not say a name twice, and part names that hold commas', () => {
    expect(groupWarnings([warned('base', 'base fixes its slots.'), warned('hash')])[0].message).toBe('base fixes its slots.');
    expect(groupWarnings([warned('x 1, y 2', 'm'), warned('x 2, y 2', 'm'), warned('x 3, y 2')])[0].message).toBe('x 1, y 2; x 2, y 2: m');
  });
});

describe('the title of a variant', () => {
  it('needs no key where one name varies, and has them else', () => {
    expect(variantTitle({ 'routing.router': { name: 'topk', topK: 4 } })).toBe('topk topK=4');
    expect(variantTitle({ 'routing.capacityFactor': 2 })).toBe('capacityFactor 2');
    expect(variantTitle({ 'routing.router': 'base', 'routing.capacityFactor': 2 })).toBe('router base, capacityFactor 2');
    expect(variantTitle({})).toBe('baseline');
    expect(variantTitle({ topology: { shape: [4, 4], wrap: 'closed', jitter: 0.02 } })).toBe('shape=[4,4] wrap=closed jitter=0.02');
    expect(variantTitle({ topology: {} })).toBe('default');
  });
});

describe('a capacity factor', () => {
  const words = (routing: Partial<typeof SCENARIO.routing>) => {
    const scenario = { ...SCENARIO, routing: { ...SCENARIO.routing, ...routing } };
    return [hasSlots(scenario), hasOwnCapacity(scenario), readsCapacityFactor(scenario)];
  };

  it('is read with slots, unless the router fixes their number without it', () => {
    expect(words({ router: 'topk', dispatch: 'scatter' })).toEqual([true, false, true]);
    expect(words({ router: 'topk', dispatch: 'dropless' })).toEqual([false, false, false]);
    expect(words({ router: 'base', dispatch: 'einsum' })).toEqual([true, true, false]);
    expect(words({ router: 'expert-choice', dispatch: 'einsum' })).toEqual([true, true, true]);
    expect(words({ router: 'of another version', dispatch: 'einsum' })).toEqual([true, false, true]);
  });
});

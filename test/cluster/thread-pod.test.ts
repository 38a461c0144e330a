import { describe, expect, it } from 'vitest';
import { chooseKernelPath, openKernels, openMemory, openStepPool } from '../../src/cluster/index.ts';
import { outcomeOf, planPod, writeTexts } from '../../src/emulate/index.ts';
import { podRequest, TEXT, TEXTS, wholeOf } from '../emulate/pod/support.ts';

const LAYOUT = '{ici: {data: 4, tensor: 2}, expertsOver: data}';
const STEPS = 3;

async function learnOn(threads: number) {
  const path = chooseKernelPath();
  const plan = planPod(podRequest(LAYOUT, {}), TEXTS, threads, openKernels(openMemory(0, path), path).fast);
  const memory = openMemory(plan.bytes, path);
  writeTexts(plan, memory.buffer, [TEXT]);
  const pool = openStepPool(threads, memory, path, { kind: 'pod', plan }, plan.control);
  try {
    for (let step = 0; step <= STEPS; step++) await pool.step(step);
    return { outcome: outcomeOf(plan, memory.buffer), weights: wholeOf({ plan, memory }, 'stored') };
  } finally {
    await pool.close();
  }
}

describe('a pod that learns on threads', () => {
  it('learns the same bits on any number of them', async () => {
    const one = await learnOn(1);
    expect(one.outcome.crossEntropy).toBeLessThan(5);
    for (const threads of [2, 3]) expect(await learnOn(threads)).toEqual(one);
  });
});

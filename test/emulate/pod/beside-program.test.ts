import { describe, expect, it } from 'vitest';
import type { PodOptimizer } from '../../../src/emulate/index.ts';
import { besideProgram } from '../../../src/emulate/index.ts';
import { constantRate, movedBytes, openPod, type SmallPod } from './support.ts';

const ADAFACTOR: PodOptimizer = { name: 'adafactor', learningRate: constantRate(0.03), settings: {} };

const LAYOUTS = [
  '{ici: {data: 8}, expertsOver: data}',
  '{ici: {data: 2, tensor: 4}, expertsOver: data, tensorActivations: sharded}',
  '{ici: {fsdp: 4, tensor: 2}, expertsOver: none, tensorActivations: sharded}',
  '{ici: {fsdp: 2, expert: 4}, expertsOver: expert, microbatches: 2}',
  '{ici: {data: 4, pipeline: 2}, expertsOver: data, microbatches: 2, zero: 3}',
  '{ici: {fsdp: 2, tensor: 2, pipeline: 2}, expertsOver: none, microbatches: 2, tensorActivations: sharded}',
];
const KINDS: Readonly<Record<string, SmallPod>> = {
  Adafactor: { optimizer: ADAFACTOR },
  'Adafactor with whole moments': { optimizer: { ...ADAFACTOR, name: 'adafactor-unfactored' } },
  'AdamW, in bf16': { dtype: 'bf16' },
  'a bias': { router: 'loss-free', optimizer: ADAFACTOR },
  noise: { router: 'noisy-topk', dtype: 'bf16' },
  'gates of domains': { router: 'multi-gate', texts: 3, optimizer: ADAFACTOR },
};

describe.each(Object.entries(KINDS))('%s', (_, small) => {
  it.each(LAYOUTS)('%s: what is sent beside the program is known beforehand, to the byte', (layout) => {
    const pod = openPod(layout, small);
    pod.upTo(1);
    const beside = Object.entries(movedBytes(pod)).filter(([name]) => name.endsWith(')') && !name.endsWith('(slice)'));
    const predicted = besideProgram(pod.plan).map(({ kind, axis, bytes }) => [`${kind} ${axis}`, bytes]);
    expect(Object.fromEntries(predicted)).toEqual(Object.fromEntries(beside));
  });
});

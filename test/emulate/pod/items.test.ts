import { describe, expect, it } from 'vitest';
import { lookAt, lookAtHeldOut } from '../../../src/emulate/index.ts';
import { ROWS_PER_ITEM, type Step } from '../../../src/kernels/index.ts';
import { byteLength } from '../../../src/model/index.ts';
import { type OpenPod, openPod, type SmallPod } from './support.ts';

/** Threads take the items of a phase in any order and at the same time: none may write what another one of the phase writes, or reads. */
const CASES: readonly (readonly [string, string, SmallPod])[] = [
  ['replicas', '{ici: {data: 8}, expertsOver: none}', {}],
  ['sharded weights', '{ici: {data: 8}, expertsOver: data, zero: 3}', { dtype: 'bf16' }],
  ['tensor shards', '{ici: {data: 2, tensor: 4}, expertsOver: data}', { activation: 'relu' }],
  ['a stream in parts', '{ici: {data: 2, tensor: 4}, expertsOver: data, tensorActivations: sharded}', { dropout: 0.1 }],
  ['a pipeline', '{ici: {data: 2, pipeline: 2}, expertsOver: data, microbatches: 2}', { cores: 4, tied: true }],
  ['an expert axis without slots', '{ici: {data: 2, expert: 4}, expertsOver: expert}', { dropless: true, router: 'topk' }],
  ['Adafactor', '{ici: {data: 2, tensor: 2, expert: 2}, expertsOver: expert, zero: 3}', { optimizer: adafactor() }],
  ['biases that balance', '{ici: {data: 8}, expertsOver: data}', { router: 'loss-free' }],
  [
    'noise and expert dropout',
    '{ici: {data: 4}, expertsOver: data, microbatches: 2}',
    { cores: 4, router: 'noisy-topk', expertDropout: 0.4 },
  ],
];

function adafactor(): SmallPod['optimizer'] {
  return { name: 'adafactor', learningRate: { highest: 1e-2, warmupSteps: 0, decay: 'none', steps: 1 }, settings: {} };
}

describe.each(CASES)('items of a phase, with %s', (_, layout, small) => {
  const kinds = { texts: 3, heldOutShare: 0.25, ...small } as const;

  it('write apart', () => {
    const pod = openPod(layout, kinds);
    pod.upTo(1);
    for (const number of [2, lookAtHeldOut(0)]) expect(writtenTwice(pod, pod.step(number))).toEqual([]);
  });

  it('leave the same bytes in any order', () => {
    const [there, back] = [openPod(layout, kinds), openPod(layout, kinds)];
    for (const number of [0, 1, 2, lookAt(2), lookAtHeldOut(0)]) {
      runInOrder(there.step(number), (items) => items);
      runInOrder(back.step(number), (items) => items.reverse());
      expect(Buffer.compare(ownBytes(there), ownBytes(back))).toBe(0);
    }
  });
});

function runInOrder(step: Step, order: (items: number[]) => number[]): void {
  for (const [phase, items] of step.phaseItems.entries())
    for (const item of order(Array.from({ length: items }, (_, i) => i))) step.run(phase, item, 0);
}

/** All that is of cores, with zeros where the scratch of a lane is. */
function ownBytes({ plan, memory }: OpenPod): Buffer {
  const bytes = Buffer.from(new Uint8Array(memory.buffer, 0, plan.bytes));
  for (const [from, to] of scratchOf(plan)) bytes.fill(0, from, to);
  return bytes;
}

/** Bytes from one to another. */
function scratchOf({ lanes, laneStatistics, updateScratch, microbatches }: OpenPod['plan']): [number, number][] {
  const attentions = microbatches
    .flat()
    .flatMap(({ sublayers }) => sublayers.flatMap((one) => (one?.kind === 'attention' ? one.attention.laneScratch : [])));
  const rows = attentions.map(({ rows: from }): [number, number] => [from, from + 4 * ROWS_PER_ITEM]);
  const views = attentions.flatMap(({ rows: _, ...others }) => Object.values(others).filter((view) => view !== null));
  const ranges = [...lanes, ...laneStatistics, ...updateScratch, ...views].map((view): [number, number] => [
    view.offset,
    view.offset + byteLength(view),
  ]);
  return [...rows, ...ranges];
}

const CHUNK = 16_384;

/** What was changed by two items of one phase: their names. */
function writtenTwice({ plan, memory }: OpenPod, step: Step): string[] {
  const length = Math.floor(plan.bytes / 2) * 2;
  const now = Buffer.from(memory.buffer, 0, length);
  const before = Buffer.from(now);
  const halves = new Uint16Array(memory.buffer, 0, length / 2);
  const halvesBefore = new Uint16Array(before.buffer, before.byteOffset, length / 2);
  const isScratch = new Uint8Array(length / 2);
  for (const [from, to] of scratchOf(plan)) isScratch.fill(1, from / 2, to / 2);
  // Numbered through all phases; what was written before this one was not written twice.
  const writers = new Int32Array(length / 2).fill(-1);
  let first = 0;
  const found = new Set<string>();
  for (const [phase, items] of step.phaseItems.entries()) {
    for (let item = 0; item < items; item++) {
      step.run(phase, item, 0);
      for (let at = 0; at < length; at += CHUNK) {
        const end = Math.min(at + CHUNK, length);
        if (now.compare(before, at, end, at, end) === 0) continue;
        for (let i = at / 2; i < end / 2; i++) {
          if (halves[i] === halvesBefore[i]) continue;
          const other = writers[i] - first;
          if (other >= 0 && isScratch[i] === 0) found.add(`${step.name(phase, other)} and ${step.name(phase, item)}`);
          writers[i] = first + item;
        }
        now.copy(before, at, at, end);
      }
    }
    first += items;
  }
  return [...found];
}

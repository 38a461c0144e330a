import { describe, expect, it } from 'vitest';
import { loadOf, movedBytesOf, type StepOutcome } from '../../../src/emulate/index.ts';
import { axisSize, meshCoordinate } from '../../../src/layout/index.ts';
import {
  decisionsOf,
  deviation,
  gainBytes,
  movedBytes,
  type OpenPod,
  openPod,
  outcome,
  predictedBytes,
  type SmallPod,
  wholeOf,
} from './support.ts';

const STEPS = 20;

const LAYOUTS = [
  [2, '{ici: {data: 2}, expertsOver: none}'],
  [4, '{ici: {tensor: 4}, expertsOver: none}'],
  [8, '{ici: {data: 8}, expertsOver: data}'],
  [8, '{ici: {data: 4, tensor: 2}, expertsOver: data}'],
  [8, '{ici: {data: 2, expert: 4}, expertsOver: expert}'],
  [8, '{ici: {expert: 4, tensor: 2}, expertsOver: expert}'],
  [8, '{ici: {fsdp: 4, tensor: 2}, expertsOver: none}'],
  [8, '{ici: {data: 2, fsdp: 2, expert: 2}, expertsOver: expert}'],
  [16, '{ici: {data: 4, fsdp: 4}, expertsOver: data}'],
  [8, '{ici: {data: 4, pipeline: 2}, expertsOver: data, microbatches: 2}'],
  [8, '{ici: {expert: 4, pipeline: 2}, expertsOver: expert, microbatches: 2, pipeline: {schedule: gpipe}}'],
  [8, '{ici: {expert: 4, tensor: 2}, expertsOver: expert, microbatches: 2, tensorActivations: sharded}'],
] as const;

const ROUTERS = [
  ['top-1', { router: 'switch-top1', dropless: true }],
  ['top-2', { router: 'gshard-top2', dropless: true }],
  ['top-1 with dropout of experts', { router: 'switch-top1', dropless: true, expertDropout: 0.2 }],
] as const;

interface Learned {
  readonly losses: readonly StepOutcome[];
  readonly decisions: readonly (readonly number[])[];
  readonly gradients: ReturnType<typeof wholeOf>;
}

function learn(pod: OpenPod): Learned {
  const losses: StepOutcome[] = [];
  const decisions: number[][] = [];
  let gradients: Learned['gradients'] = new Map();
  for (let step = 1; step <= STEPS; step++) {
    pod.upTo(step);
    losses.push(outcome(pod));
    decisions.push(decisionsOf(pod));
    if (step === 1) gradients = wholeOf(pod, 'gradientShard');
  }
  return { losses, decisions, gradients };
}

const known = new Map<string, Learned>();

/** One core whose experts have slots for every token of a group. */
function padded({ dropless: _, ...small }: SmallPod): Learned {
  const key = JSON.stringify(small);
  const learned = known.get(key) ?? learn(openPod('{ici: {data: 1}, expertsOver: none}', { ...small, expertCapacity: 32, cores: 1 }));
  known.set(key, learned);
  return learned;
}

function expectSame(ours: Learned, theirs: Learned): void {
  for (const [step, own] of ours.losses.entries()) {
    for (const name of ['crossEntropy', 'auxiliaryLoss', 'zLoss'] as const) {
      expect(Math.abs(own[name] / theirs.losses[step][name] - 1)).toBeLessThan(1e-5);
    }
    expect(own.layers).toEqual(theirs.losses[step].layers);
    expect(own.layers[0].dropped).toBe(0);
  }
  expect(deviation(ours.gradients, theirs.gradients)).toBeLessThan(1e-5);
  expect(ours.decisions).toEqual(theirs.decisions);
}

describe.each(ROUTERS)('%s without slots', (_, small) => {
  it.each([[1, '{ici: {data: 1}, expertsOver: none}'] as const, ...LAYOUTS])(
    '%i cores, %s: twenty steps are those of one core that has slots for all',
    (cores, layout) => {
      const one = padded(small);
      expectSame(learn(openPod(layout, { ...small, cores })), one);
      expect(one.losses[STEPS - 1].crossEntropy).toBeLessThan(one.losses[0].crossEntropy - 0.3);
    },
  );

  it.each(LAYOUTS)('%i cores, %s: what is moved is what the program says of the same choices', (cores, layout) => {
    const pod = openPod(layout, { ...small, cores });
    pod.upTo(1);
    expect(movedBytes(pod)).toEqual({ ...predictedBytes(pod), ...gainBytes(pod) });
  });

  it.each(LAYOUTS.filter(([, layout]) => !layout.includes('expertsOver: none')))(
    '%i cores, %s: from member to member what its load says, there and back, forward and backward',
    (cores, layout) => {
      const pod = openPod(layout, { ...small, cores });
      pod.upTo(1);
      const { mesh, layout: cut } = pod.plan.request;
      const axis = cut.expertsOver === 'data' ? 'data' : 'expert';
      const members = axisSize(cut, axis);
      const sent = loadOf(pod.plan, pod.memory.buffer).layers[0].tokenTraffic?.bytes ?? new Float64Array(0);
      const moved = new Float64Array(members * members);
      for (const { kind, bytes } of movedBytesOf(pod.plan, pod.memory.buffer)) {
        if (kind !== 'all-to-all') continue;
        for (const [pair, count] of bytes.entries()) {
          const [to, from] = [Math.floor(pair / mesh.devices), pair % mesh.devices].map((core) => meshCoordinate(mesh, axis, core));
          moved[from * members + to] += count;
        }
      }
      const wanted = sent.map((bytes, pair) => {
        const [from, to] = [Math.floor(pair / members), pair % members];
        return from === to ? 0 : 2 * axisSize(cut, 'tensor') * (bytes + sent[to * members + from]);
      });
      expect(moved).toEqual(wanted);
      expect(new Set(wanted).size).toBeGreaterThan(1);
    },
  );

  it('in bf16, 8 cores: the losses of twenty steps are those of one core to a rounding', () => {
    const narrow = { ...small, dtype: 'bf16' } as const;
    const one = padded(narrow);
    const ours = learn(openPod('{ici: {data: 4, tensor: 2}, expertsOver: data}', { ...narrow, cores: 8 }));
    for (const [step, { crossEntropy }] of ours.losses.entries()) {
      expect(Math.abs(crossEntropy / one.losses[step].crossEntropy - 1)).toBeLessThan(2 ** -8);
    }
  });

  it('several lanes give the same bits', () => {
    const [one, three] = [1, 3].map((lanes) => {
      const pod = openPod('{ici: {data: 2, expert: 4}, expertsOver: expert}', small, lanes);
      pod.upTo(3);
      return wholeOf(pod, 'stored');
    });
    expect(three).toEqual(one);
  });
});

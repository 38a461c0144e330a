import { describe, expect, it } from 'vitest';
import { chooseKernelPath, openKernels, openMemory, openStepPool } from '../../src/cluster/index.ts';
import { openJob, type StepJob } from '../../src/cluster/step-kinds.ts';
import {
  type KernelMemory,
  planLanes,
  planStepControl,
  planSwitchLayer,
  runStepAlone,
  type SwitchLayerPlan,
  type SwitchLayerShape,
} from '../../src/kernels/index.ts';
import { bf16Elements, byteLength, f32Elements, planArena, type TensorView } from '../../src/model/index.ts';
import { randomReals } from '../kernels/reference/tensors.ts';

const THREADS = 3;
const SHAPE: SwitchLayerShape = { tokens: 700, dModel: 48, experts: 6, dExpert: 72, activation: 'relu', expertCapacity: 140 };
const OPTIONS = {
  dtype: 'bf16',
  router: null,
  training: true,
  auxiliaryCoefficient: 0.01,
  zCoefficient: 0,
  layer: 3,
  firstToken: 0,
} as const;

const path = chooseKernelPath();

function planned() {
  const arena = planArena();
  const control = planStepControl(arena, THREADS);
  const { fast } = openKernels(openMemory(0, path), path);
  const plan = planSwitchLayer(arena, SHAPE, OPTIONS, planLanes(arena, fast, THREADS));
  const job: StepJob = { kind: 'switch-layer', plan };
  return { control, plan, job, bytes: arena.bytes };
}

/** Random numbers into everything that a layer reads and does not write. */
function fill({ buffer }: KernelMemory, { x, weights, backward }: SwitchLayerPlan): void {
  const put = (view: TensorView | null | undefined, seed: number): void => {
    if (view === null || view === undefined) return;
    const isBf16 = view.dtype === 'bf16';
    const elements = isBf16 ? bf16Elements(buffer, view) : f32Elements(buffer, view);
    const values = Float32Array.from(randomReals(seed, elements.length, 0.5));
    // The upper half of an f32 is a bf16.
    elements.set(isBf16 ? new Uint16Array(values.buffer).filter((_, i) => i % 2 === 1) : values);
  };
  [x, weights.router, weights.in, weights.out, backward?.dy].forEach(put);
}

/** Everything that both passes left. */
function left({ buffer }: KernelMemory, { y, losses, backward }: SwitchLayerPlan): Buffer[] {
  const { dx, gradients } = backward ?? {};
  return [y, losses, dx, gradients?.router, gradients?.in, gradients?.out].map((view) => {
    if (view === null || view === undefined) throw new Error('the plan has no backward pass');
    return Buffer.from(new Uint8Array(buffer, view.offset, byteLength(view)));
  });
}

describe('a Switch layer on threads', () => {
  it('has the bits that one thread has, forward and backward, time after time', async () => {
    const { control, plan, job, bytes } = planned();
    const [alone, memory] = [openMemory(bytes, path), openMemory(bytes, path)];
    const pool = openStepPool(THREADS, memory, path, job, control);
    const opened = openJob(job, openKernels(alone, path));
    fill(alone, plan);
    fill(memory, plan);
    for (const n of [0, 1, 2, 3]) {
      runStepAlone(opened(n));
      const seen: number[] = [];
      await pool.step(n, (done, of) => seen.push(done / of));
      expect(seen.at(-1)).toBe(1);
      const wanted = left(alone, plan);
      left(memory, plan).forEach((bits, i) => {
        expect(bits.equals(wanted[i]), `tensor ${i} after step ${n}`).toBe(true);
      });
    }
    await pool.close();
    for (const bits of left(memory, plan)) expect(bits.some((byte) => byte !== 0)).toBe(true);
  });

  it('names items by expert, layer and shape', () => {
    const { plan, job, bytes } = planned();
    const memory = openMemory(bytes, path);
    fill(memory, plan);
    const opened = openJob(job, openKernels(memory, path));
    runStepAlone(opened(0));
    const step = opened(0);
    const names = step.phaseItems.flatMap((count, phase) => Array.from({ length: count }, (_, item) => step.name(phase, item)));
    expect(names).toContainEqual(expect.stringMatching(/expert 4 of layer 3: \d+ x 48 by 48 x \d+/));
  });
});

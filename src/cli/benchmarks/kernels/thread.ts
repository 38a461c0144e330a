import { workerData } from 'piscina';
import { openKernels } from '../../../cluster/index.ts';
import {
  type GemmCall,
  type KernelTable,
  type Limits,
  measureLimits,
  openSwitchLayerStep,
  runStep,
  STORE,
  type Step,
  stepControlWords,
} from '../../../kernels/index.ts';
import { itemStep } from './item-step.ts';
import { operandsOf } from './memory-plan.ts';
import type { LayerPass, Span, ThreadAnswer, ThreadSetup, ThreadTask, WorkTimes } from './tasks.ts';

const { memory, plan, paths } = workerData as ThreadSetup;
const gate = new Int32Array(memory.buffer, plan.gate, 1);
const control = new Int32Array(memory.buffer, plan.control, stepControlWords(plan.lanes.length));

const tables = new Map<number, KernelTable>();

function tableOf(path: number): KernelTable {
  const open = tables.get(path) ?? openKernels(memory, paths[path]).fast;
  tables.set(path, open);
  return open;
}

/** Milliseconds of a clock that all threads of a process share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What a thread runs for each task. */
export default function runTask(task: ThreadTask): ThreadAnswer {
  if (task.kind === 'limits') return { limits: measuredLimits(task.milliseconds) };
  const table = tableOf(task.path);
  const lane = plan.lanes[task.lane];
  switch (task.kind) {
    case 'product': {
      const { product, dtype, repeats } = task;
      const call: GemmCall = {
        ...operandsOf(lane, product, dtype),
        transposeLeft: product.form === 'TN',
        transposeRight: product.form === 'NT',
        accumulate: false,
        epilogue: STORE,
      };
      passGate(task.gate);
      return { phases: [timed(() => repeat(repeats, () => table.gemm(call, lane.scratch)))], gemmMs: 0 };
    }
    case 'items':
      return { phases: runTimed(itemStep(plan.items[task.items], table, plan.lanes), task.lane, task.gate), gemmMs: 0 };
    case 'layer':
      return runLayer(table, task.layer, task.pass, task.lane, task.gate);
  }
}

/** Runs a pass of a layer as one lane of it. */
function runLayer(table: KernelTable, layer: number, pass: LayerPass, lane: number, gateCount: number): WorkTimes {
  let gemmMs = 0;
  const watched: KernelTable = {
    ...table,
    gemm: (call, scratch) => {
      const start = now();
      table.gemm(call, scratch);
      gemmMs += now() - start;
    },
  };
  const phases = runTimed(openSwitchLayerStep(plan.layers[layer].plan, watched, pass), lane, gateCount);
  return { phases, gemmMs };
}

function repeat(count: number, run: () => void): void {
  for (let i = 0; i < count; i++) run();
}

function timed(run: () => void): Span {
  const start = now();
  run();
  return { start, end: now() };
}

/** Runs a step as one lane of it; when this lane began its first item of each phase and ended its last one. */
function runTimed(step: Step, lane: number, gateCount: number): Span[] {
  const phases = step.phaseItems.map(() => ({ start: Number.POSITIVE_INFINITY, end: Number.NEGATIVE_INFINITY }));
  const watched: Step = {
    ...step,
    run: (phase, item, of) => {
      const span = phases[phase];
      if (span.start === Number.POSITIVE_INFINITY) span.start = now();
      step.run(phase, item, of);
      span.end = now();
    },
  };
  passGate(gateCount);
  runStep(watched, control, lane);
  return phases;
}

/** Longer than any thread needs to come. */
const GATE_MS = 20_000;

/** Waits until `count` lanes have come since the start: a benchmark of two threads must not begin with one. */
function passGate(count: number): void {
  Atomics.add(gate, 0, 1);
  const patience = now() + GATE_MS;
  while (Atomics.load(gate, 0) < count) {
    if (now() > patience) throw new Error(`only ${Atomics.load(gate, 0)} of ${count} lanes came to the gate`);
  }
}

function measuredLimits(milliseconds: number): Limits | null {
  try {
    return measureLimits(now, milliseconds);
  } catch {
    return null;
  }
}

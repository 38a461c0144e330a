import type { Bytes } from '../../../base/index.ts';
import {
  type KernelMemory,
  type Matrix,
  matrixOf,
  planSwitchLayer,
  type SwitchLayerPlan,
  stepControlWords,
} from '../../../kernels/index.ts';
import { type ArenaPlan, bf16Elements, type Dtype, elementCount, f32Elements, planArena, type TensorView } from '../../../model/index.ts';
import { routingSizes } from '../../../routing/index.ts';
import { fillBells } from '../../routing-cases.ts';
import type { ItemCase, KernelCases, LayerCase, ProductCase } from './cases.ts';

/** Where everything that is measured lies in the one memory of all threads; plain data. */
export interface MemoryPlan {
  readonly bytes: Bytes;
  /** One word, at which lanes wait for each other. */
  readonly gate: Bytes;
  /** Words by which the lanes of a step agree (see `stepControlWords`). */
  readonly control: Bytes;
  /** One for each lane. */
  readonly lanes: readonly LanePlan[];
  readonly items: readonly ItemPlan[];
  readonly layers: readonly LayerPlan[];
}

export interface LanePlan {
  readonly operands: Readonly<Record<Dtype, OperandPlan>>;
  /** f32; as large as the largest product. */
  readonly target: TensorView;
  /** f32 */
  readonly scratch: TensorView;
}

/** Both as large as the largest of any product. */
interface OperandPlan {
  readonly left: TensorView;
  readonly right: TensorView;
}

/** SLOTS different products, which the items take in turn. */
export interface ItemPlan {
  readonly item: ItemCase;
  readonly left: TensorView;
  readonly right: TensorView;
  readonly target: TensorView;
}

export interface LayerPlan {
  readonly layer: LayerCase;
  readonly expertCapacity: number;
  readonly plan: SwitchLayerPlan;
}

export const DTYPES: readonly Dtype[] = ['f32', 'bf16'];
/** Their operands do not fit into a first-level cache together. */
const SLOTS = 128;
/** Lanes write words of the gate and of their control on lines of their own. */
const LINE_WORDS = 16;

export function planMemory({ products, slowProducts, items, layers }: KernelCases, lanes: number, scratchElements: number): MemoryPlan {
  const arena = planArena(LINE_WORDS * Int32Array.BYTES_PER_ELEMENT);
  const gate = arena.allocate([2 * LINE_WORDS], 'f32').offset;
  const control = arena.allocate([stepControlWords(lanes) + LINE_WORDS], 'f32').offset;
  const all = [...products, ...slowProducts];
  const largest = (of: (shape: ProductCase['shape']) => number): number => Math.max(...all.map(({ shape }) => of(shape)));
  const operands = (dtype: Dtype): OperandPlan => ({
    left: arena.allocate([largest(([m, , k]) => m * k)], dtype),
    right: arena.allocate([largest(([, n, k]) => n * k)], dtype),
  });
  const lane = (): LanePlan => ({
    operands: { f32: operands('f32'), bf16: operands('bf16') },
    target: arena.allocate([largest(([m, n]) => m * n)], 'f32'),
    scratch: arena.allocate([scratchElements], 'f32'),
  });
  const planItem = (item: ItemCase): ItemPlan => {
    const [m, n, k] = item.shape;
    const [left, right] = [arena.allocate([SLOTS, m, k], 'bf16'), arena.allocate([SLOTS, k, n], 'bf16')];
    return { item, left, right, target: arena.allocate([SLOTS, m, n], 'f32') };
  };
  const lanePlans = Array.from({ length: lanes }, lane);
  const planned = {
    gate,
    control,
    lanes: lanePlans,
    items: items.map(planItem),
    layers: layers.map((layer) => planLayer(arena, layer, lanePlans)),
  };
  return { ...planned, bytes: arena.bytes };
}

function planLayer(arena: ArenaPlan, layer: LayerCase, lanes: readonly LanePlan[]): LayerPlan {
  const { capacityFactor, ...sizes } = layer;
  const choice = { router: 'switch-top1', options: {}, capacityFactor, capacityRule: 'mesh-tf' };
  const { expertCapacity } = routingSizes(choice, layer.tokens, layer.experts);
  const options = {
    dtype: 'bf16',
    router: null,
    training: true,
    auxiliaryCoefficient: 0.01,
    zCoefficient: 0,
    layer: 0,
    firstToken: 0,
  } as const;
  const scratch = lanes.map((lane) => lane.scratch);
  return { layer, expertCapacity, plan: planSwitchLayer(arena, { ...sizes, expertCapacity, activation: 'relu' }, options, scratch) };
}

/** The operands of a product in a lane, as they are stored. */
export function operandsOf(
  { operands, target }: LanePlan,
  { shape: [m, n, k], form }: ProductCase,
  dtype: Dtype,
): { readonly left: Matrix; readonly right: Matrix; readonly target: Matrix } {
  const { left, right } = operands[dtype];
  return {
    left: matrixOf({ ...left, shape: form === 'TN' ? [k, m] : [m, k] }),
    right: matrixOf({ ...right, shape: form === 'NT' ? [n, k] : [k, n] }),
    target: matrixOf({ ...target, shape: [m, n] }),
  };
}

/** Fills all operands. */
export function fillOperands(memory: KernelMemory, { lanes, items, layers }: MemoryPlan): void {
  for (const { operands } of lanes) {
    for (const dtype of DTYPES) for (const view of [operands[dtype].left, operands[dtype].right]) fillEvenly(memory, view, 1);
  }
  for (const { left, right } of items) for (const view of [left, right]) fillEvenly(memory, view, 1);
  for (const { layer, plan } of layers) fillLayer(memory, layer, plan);
}

/** Tokens and the router's weights are drawn, so that every expert gets about its share. */
function fillLayer(memory: KernelMemory, { tokens, dModel, dExpert, experts }: LayerCase, { x, weights, backward }: SwitchLayerPlan): void {
  const activations = bitsOfBf16(fillBells(new Float32Array(tokens * dModel), 1));
  for (const view of [x, ...(backward === null ? [] : [backward.dy])]) bf16Elements(memory.buffer, view).set(activations);
  const router = fillBells(new Float32Array(dModel * experts), 2).map((value) => value / Math.sqrt(dModel));
  f32Elements(memory.buffer, weights.router).set(router);
  fillEvenly(memory, weights.in, 1 / Math.sqrt(dModel));
  fillEvenly(memory, weights.out, 1 / Math.sqrt(dExpert));
  // So that no pass waits for the system to find pages.
  for (const view of backward === null ? [] : [backward.gradients.in, backward.gradients.out]) f32Elements(memory.buffer, view).fill(0);
}

/** The upper half of an f32 is a bf16. */
function bitsOfBf16(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length).map((bits) => bits >>> 16);
}

/** A prime, so that rows of matrices differ. */
const PERIOD = 1999;

/** Numbers between -size and size, none of them zero or subnormal, that repeat with PERIOD: what they are does not matter to the time. */
export function fillEvenly({ buffer }: KernelMemory, view: TensorView, size: number): void {
  const count = elementCount(view.shape);
  const values = Float32Array.from({ length: Math.min(PERIOD, count) }, (_, i) => size * (((i * 7919) % PERIOD) / 1000 - 0.9995));
  const target = view.dtype === 'f32' ? f32Elements(buffer, view) : bf16Elements(buffer, view);
  target.set(view.dtype === 'f32' ? values : bitsOfBf16(values));
  for (let filled = values.length; filled < count; filled *= 2) target.copyWithin(filled, 0, Math.min(filled, count - filled));
}

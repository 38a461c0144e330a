/** What the benchmark of kernels measures: plain data, so that a test can ask for less. */
export interface KernelCases {
  readonly products: readonly ProductCase[];
  /** For paths without SIMD, which are some twenty times slower. */
  readonly slowProducts: readonly ProductCase[];
  readonly layers: readonly LayerCase[];
  readonly items: readonly ItemCase[];
  /** Milliseconds that a case is repeated for in one round. */
  readonly leastMs: number;
  /** Milliseconds of one measurement of one limit. */
  readonly limitMs: number;
}

/** Products of rows by columns, of rows by rows (gradient by the input), of columns by columns (gradient by the weights). */
export type ProductForm = 'NN' | 'NT' | 'TN';

export interface ProductCase {
  /** [M, N, K]: 2 M N K operations. */
  readonly shape: Triple;
  readonly form: ProductForm;
}

export type Triple = readonly [number, number, number];

/** A Switch layer with top-1 routing and a ReLU network of two matrices per expert, bf16. */
export interface LayerCase {
  readonly tokens: number;
  readonly experts: number;
  readonly dModel: number;
  readonly dExpert: number;
  readonly capacityFactor: number;
}

/** Many small products, as a pod of many simulated chips has them. */
export interface ItemCase {
  readonly shape: Triple;
  readonly count: number;
}

/** T5-Base (Raffel et al. 2020, arXiv 1910.10683, appendix A): width of the model and of its feed-forward network. */
const [D_MODEL, D_FF] = [768, 3072];

function cube(side: number): ProductCase {
  return { shape: [side, side, side], form: 'NN' };
}

/** Both forward products of an expert with so many rows. */
function forward(rows: number): ProductCase[] {
  return [
    { shape: [rows, D_FF, D_MODEL], form: 'NN' },
    { shape: [rows, D_MODEL, D_FF], form: 'NN' },
  ];
}

/** All four products of its gradients. */
function backward(rows: number): ProductCase[] {
  return [
    { shape: [rows, D_FF, D_MODEL], form: 'NT' },
    { shape: [rows, D_MODEL, D_FF], form: 'NT' },
    { shape: [D_FF, D_MODEL, rows], form: 'TN' },
    { shape: [D_MODEL, D_FF, rows], form: 'TN' },
  ];
}

/** Capacity factor of Switch's training setting (Fedus et al. 2021, arXiv 2101.03961, table 1). */
function layer(experts: number): LayerCase {
  return { tokens: 4096, experts, dModel: D_MODEL, dExpert: D_FF, capacityFactor: 1.25 };
}

const LEAST_MS = 8;
const LIMIT_MS = 8;

export const FULL: KernelCases = {
  products: [...[256, 512, 1024, 2048].map(cube), ...[64, 80, 256, 640, 1024].flatMap(forward), ...[64, 640].flatMap(backward)],
  slowProducts: forward(32),
  layers: [layer(8), layer(64)],
  items: [
    { shape: [16, 64, 64], count: 20_480 },
    { shape: [8, 64, 64], count: 20_480 },
    { shape: [64, 256, 256], count: 2048 },
  ],
  leastMs: LEAST_MS,
  limitMs: LIMIT_MS,
};

export const QUICK: KernelCases = {
  products: [cube(512), ...[80, 640].flatMap(forward)],
  slowProducts: forward(32).slice(0, 1),
  layers: [layer(8)],
  items: [{ shape: [16, 64, 64], count: 20_480 }],
  leastMs: LEAST_MS,
  limitMs: LIMIT_MS,
};

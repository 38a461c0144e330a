/**
 * Kernels that `switchyard bench kernels` does not measure, on every path and one thread: the product of routers, softmax, the network of one expert.
 * `npx tsx bench/kernels.ts`, or `node` on the compiled rooms. The best of some interleaved rounds is printed, because other work on the machine can only make a round slower. Packing the left-hand side is
 * included; the right-hand side is packed once, as routers do.
 */
import { cpus } from 'node:os';
import { gelu } from '../src/base/index.ts';
import { createKernelMemory, feedForward, type KernelTable, planFeedForward } from '../src/kernels/index.ts';
import { type Dtype, planArena, type TensorView } from '../src/model/index.ts';
import { allTables, fillTensor } from '../test/kernels/paths.ts';

const ROUNDS = 5;
const memory = createKernelMemory(256 << 20);
const tables = allTables(memory);

/** Rows that a slow path is measured on; without SIMD the rate hardly depends on them. */
const SLOW_ROWS = 32;

const PRODUCTS: readonly { readonly name: string; readonly m: number; readonly k: number; readonly n: number; readonly dtype: Dtype }[] = [
  { name: 'router, 6 layers x 128 experts', m: 1024, k: 768, n: 768, dtype: 'f32' },
  { name: 'router, 6 layers x 128 experts', m: 1024, k: 768, n: 768, dtype: 'bf16' },
];

console.log(`${cpus()[0].model.trim()}, ${cpus().length} processors, Node ${process.version}, best of ${ROUNDS} rounds, one thread\n`);
report('matrix product, GFLOP/s', PRODUCTS, (product) => {
  const { m, k, n, dtype, name } = product;
  const rates = measure(tables.map((table) => productWork(table, product))).map(({ seconds, amount }) => amount / seconds / 1e9);
  return { label: `${m} x ${k} x ${n} ${dtype}, ${name}`, numbers: rates };
});
report('softmax, microseconds per row', [128, 64, 8], (experts) => {
  const times = measure(tables.map((table) => softmaxWork(table, experts))).map(({ seconds, amount }) => (seconds / amount) * 1e6);
  return { label: `${experts} experts`, numbers: times };
});
report('expert feed-forward, all packing included, GFLOP/s', [200, 8], (rows) => {
  const rates = measure(tables.map((table) => feedForwardWork(table, rows))).map(({ seconds, amount }) => amount / seconds / 1e9);
  return { label: `${rows} x 768 x 2048 GEGLU bf16`, numbers: rates };
});
const [activation] = measure([activationWork()]);
console.log(
  `GELU${' '.repeat(54)}${((activation.seconds / activation.amount) * 1e9).toFixed(2).padStart(14)} nanoseconds per element, on every path`,
);

/** Something to time; `amount` is the work that it does, in the unit that its report divides by. */
interface Work {
  readonly amount: number;
  /** Called before every timed call: the paths share one memory. */
  readonly prepare: () => void;
  readonly run: () => void;
}

function report<Case>(title: string, cases: readonly Case[], line: (c: Case) => { label: string; numbers: readonly number[] }): void {
  console.log(`${title.padEnd(58)}${tables.map((table) => table.path.padStart(14)).join('')}`);
  for (const c of cases) {
    const { label, numbers } = line(c);
    console.log(`  ${label.padEnd(56)}${numbers.map((number) => number.toFixed(2).padStart(14)).join('')}`);
  }
}

/** The best time of every work, measured in interleaved rounds so that a slow moment of the machine meets all of them. */
function measure(works: readonly Work[]): { readonly seconds: number; readonly amount: number }[] {
  const best = works.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    works.forEach((work, i) => {
      work.prepare();
      work.run();
      const start = performance.now();
      work.run();
      best[i] = Math.min(best[i], (performance.now() - start) / 1000);
    });
  }
  return works.map(({ amount }, i) => ({ seconds: best[i], amount }));
}

function productWork(table: KernelTable, { m, k, n, dtype }: (typeof PRODUCTS)[number]): Work {
  const rows = table.path.startsWith('wasm') ? m : SLOW_ROWS;
  const arena = planArena(64);
  const a = arena.allocate([rows, k], dtype);
  const b = arena.allocate([k, n], dtype);
  const c = arena.allocate([rows, n], 'f32');
  const packed = arena.allocate([table.packedElements(k, n)], 'f32');
  const scratch = arena.allocate([table.scratchElements(rows, k, n)], 'f32');
  const prepare = (): void => {
    fill(a);
    fill(b);
    table.packRight(b, packed);
  };
  return { amount: 2 * rows * k * n, prepare, run: () => table.matmul(a, packed, c, scratch) };
}

function softmaxWork(table: KernelTable, experts: number): Work {
  const rows = 1024;
  const arena = planArena(64);
  const logits = arena.allocate([rows, 6 * experts], 'f32');
  const probabilities = arena.allocate([rows, experts], 'f32');
  const statistics = arena.allocate([2, rows], 'f32');
  return { amount: rows, prepare: () => fill(logits), run: () => table.softmax(logits, experts, probabilities, statistics) };
}

function feedForwardWork(table: KernelTable, batch: number): Work {
  const rows = table.path === 'naive' ? Math.min(batch, SLOW_ROWS) : batch;
  const [dModel, dExpert] = [768, 2048];
  const arena = planArena(64);
  const input = arena.allocate([rows, dModel], 'bf16');
  const weights = {
    gate: arena.allocate([dModel, dExpert], 'bf16'),
    in: arena.allocate([dModel, dExpert], 'bf16'),
    out: arena.allocate([dExpert, dModel], 'bf16'),
  };
  const output = arena.allocate([rows, dModel], 'bf16');
  const scratch = planFeedForward(arena, table, { rows, dModel, dExpert, ffnMatrices: 3 });
  const prepare = (): void => [input, weights.gate, weights.in, weights.out].forEach(fill);
  return { amount: 6 * rows * dModel * dExpert, prepare, run: () => feedForward(table, input, weights, output, scratch) };
}

function activationWork(): Work {
  const values = Float32Array.from({ length: 400_000 }, (_, i) => ((i * 37) % 1000) / 125 - 4);
  const results = new Float32Array(values.length);
  const run = (): void => {
    for (let i = 0; i < values.length; i++) results[i] = gelu(values[i]);
  };
  return { amount: values.length, prepare: () => undefined, run };
}

/** Values of about unit size; what they are does not matter to the time, as long as none is subnormal. */
function fill(view: TensorView): void {
  fillTensor(memory, view, (i) => ((i * 7919) % 1999) / 1000 - 0.9995);
}

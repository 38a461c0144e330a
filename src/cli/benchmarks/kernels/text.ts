import type { BenchmarkTable } from '../../benchmark.ts';
import type { KernelFields } from '../kernels.ts';
import type { Triple } from './cases.ts';
import type { ItemRow } from './items.ts';
import type { LayerRow } from './layers.ts';
import type { MachineLimits } from './limits.ts';
import { DTYPES } from './memory-plan.ts';
import type { GemmRow } from './products.ts';

/** What holds for every table. */
export const NOTES: readonly string[] = [
  'Best of all rounds; --json also has the middle round. A share is that of the limit that holds for the path, times the threads. Products of f32 operands multiply and add apart, where limits may be those of fused operations.',
];

/** Limits first, then products by dtype and threads, layers, items. Nothing is wider than 80 columns. */
export function kernelTables({ limits, gemm, layer, items }: Pick<KernelFields, 'limits' | 'gemm' | 'layer' | 'items'>): BenchmarkTable[] {
  const itemTables = ofPaths(items).map(itemTable);
  return [limitTable(limits), ...productTables(gemm), layerTable(layer), ...itemTables].filter(({ rows }) => rows.length > 1);
}

/** Columns that fit beside each other. */
const MOST_PATHS = 4;

/** The rows in parts, each of so many paths as a table has room for. */
function ofPaths<Row extends { readonly path: string }>(rows: readonly Row[]): Row[][] {
  const paths = [...new Set(rows.map(({ path }) => path))];
  const parts = Array.from({ length: Math.ceil(paths.length / MOST_PATHS) }, (_, i) => paths.slice(i * MOST_PATHS, (i + 1) * MOST_PATHS));
  return parts.map((part) => rows.filter(({ path }) => part.includes(path)));
}

const LIMIT_WORDS: readonly (readonly [Exclude<keyof MachineLimits, 'cLoops'>, string])[] = [
  ['simd128', 'WebAssembly, vectors of 128 bits'],
  ['simd256', 'WebAssembly, pairs of them joined to 256 bits'],
  ['c128', 'C, the same operations on 128 bits'],
  ['c256', 'C, fused multiply-add on 256 bits'],
  ['c512', 'C, fused multiply-add on 512 bits'],
  ['cBf16', 'C, products of bf16 pairs on 512 bits'],
];

function limitTable(limits: MachineLimits): BenchmarkTable {
  const rows = LIMIT_WORDS.map(([name, words]) => [name, limits[name]?.toFixed(1) ?? '-', words]);
  return { title: 'Limits of one thread: multiply-adds in registers', rows: [['limit', 'GFLOP/s', ''], ...rows], right: [1] };
}

function productTables(gemm: readonly GemmRow[]): BenchmarkTable[] {
  const threadCounts = [...new Set(gemm.map(({ threads }) => threads))];
  const isSlow = ({ path }: GemmRow): boolean => path === 'tiled';
  const tables = DTYPES.flatMap((dtype) =>
    threadCounts.flatMap((threads) =>
      ofPaths(gemm.filter((row) => row.dtype === dtype && row.threads === threads && !isSlow(row))).map((rows) =>
        productTable(`Products of ${dtype} operands, ${countOf(threads)}: GFLOP/s and share of the limit`, rows),
      ),
    ),
  );
  const slow = productTable('Products in TypeScript, one thread: GFLOP/s', gemm.filter(isSlow), ({ dtype }) => dtype);
  return [...tables, slow];
}

/** A row for each product, a column for each path. */
function productTable(
  title: string,
  gemm: readonly GemmRow[],
  headOf: (row: GemmRow) => string = ({ path }) => shortPath(path),
): BenchmarkTable {
  const columns = [...new Set(gemm.map(headOf))];
  const products = [...new Map(gemm.map((row) => [labelOf(row), row])).keys()];
  const rows = products.map((product) => [
    product,
    ...columns.map((column) => {
      const row = gemm.find((one) => labelOf(one) === product && headOf(one) === column);
      return row === undefined ? '' : `${row.gflops.toFixed(1)}${share(row.shareOfLimit)}`;
    }),
  ]);
  return { title, rows: gemm.length === 0 ? [] : [['M x N x K', ...columns], ...rows], right: columns.map((_, i) => i + 1) };
}

function labelOf({ shape, form }: GemmRow): string {
  return `${sizes(shape)}${form === 'NN' ? '' : ` ${form}`}`;
}

function layerTable(layer: readonly LayerRow[]): BenchmarkTable {
  const rows = layer.map((row) => [
    String(row.experts),
    String(row.threads),
    row.pass,
    shortPath(row.path),
    Math.round(row.tokensPerSecond).toLocaleString('en-US'),
    `${row.gflops.toFixed(1)}${share(row.shareOfLimit)}`,
    `${(100 * row.nonGemmShare).toFixed(1)} %`,
    row.ratioToNumpy === null ? '' : row.ratioToNumpy.toFixed(2),
  ]);
  return {
    title: 'A Switch layer: GFLOP/s of the experts, share of the time outside of products, tokens/s by those of NumPy',
    rows: [['experts', 'threads', 'pass', 'path', 'tokens/s', 'GFLOP/s', 'others', 'NumPy'], ...rows],
    right: [0, 1, 4, 5, 6, 7],
  };
}

function itemTable(items: readonly ItemRow[]): BenchmarkTable {
  const paths = [...new Set(items.map(({ path }) => path))];
  const products = [...new Set(items.map(({ shape, items: count }) => `${count.toLocaleString('en-US')} of ${sizes(shape)}`))];
  const rows = products.map((product) => [
    product,
    ...paths.map((path) => {
      const row = items.find((one) => one.path === path && `${one.items.toLocaleString('en-US')} of ${sizes(one.shape)}` === product);
      return row?.microsecondsPerItem.toFixed(2) ?? '';
    }),
  ]);
  const threads = countOf(items[0]?.threads ?? 1);
  return {
    title: `Small bf16 products, shared by ${threads}: microseconds each`,
    rows: [['M x N x K', ...paths.map(shortPath)], ...rows],
    right: paths.map((_, i) => i + 1),
  };
}

/** Without the words that every path of its kind has. */
function shortPath(path: string): string {
  return path.replace(/^(wasm|native|numpy)-/, '');
}

function sizes(shape: Triple): string {
  return shape.join('x');
}

function share(value: number | null): string {
  return value === null ? '' : ` ${`${Math.round(100 * value)} %`.padStart(5)}`;
}

function countOf(threads: number): string {
  return threads === 1 ? 'one thread' : 'two threads';
}

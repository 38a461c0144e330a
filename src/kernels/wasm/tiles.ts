import { type Code, localsAfter, type WasmFunction } from './emitter.ts';
import { advance, countDown, f32x4, i32, local, v128 } from './instructions.ts';

/**
 * The matrix product in WebAssembly SIMD128, register-blocked (Goto and van de Geijn 2008, doi 10.1145/1356052.1356053).
 *
 * MR, NR: rows and columns of the tile of c that stays in registers while k runs.
 * packed a: panels of MR rows, [k][MR] f32. packed b: panels of NR columns, [k][NR] f32. Edges are padded with zeros, which only reach outputs
 * that nobody reads.
 *
 * Every output has one lane of one accumulator, so sums are sequential in k, by multiply and add (no fused multiply-add): the bits of the naive product.
 */
export interface Tile {
  readonly rows: number;
  /** Multiple of 4. */
  readonly columns: number;
}

/** Ten accumulators, two vectors of b, one of a and one product: 14 of the 15 vector registers that V8 has on x64. */
export const TILE: Tile = { rows: 5, columns: 8 };

const LANES = 4;
const FLOAT_BYTES = 4;

/**
 * `tiles(a, b, c, k, cRowBytes, panels)`: for each of `panels` panels of packed a, one below the other, one tile of c = panel x the one panel b.
 * k and panels are at least 1.
 */
export function tilesFunction(tile: Tile): WasmFunction {
  const [a, b, c, k, rowBytes, panels] = [0, 1, 2, 3, 4, 5];
  const locals = localsAfter(6);
  const [bNext, depth, row] = [locals.declare('i32'), locals.declare('i32'), locals.declare('i32')];
  const vectors = tile.columns / LANES;
  const right = Array.from({ length: vectors }, () => locals.declare('v128'));
  const left = locals.declare('v128');
  const sums = Array.from({ length: tile.rows }, () => Array.from({ length: vectors }, () => locals.declare('v128')));

  const addProduct = (sum: number, v: number): Code =>
    local.set(sum, f32x4.add(local.get(sum), f32x4.mul(local.get(left), local.get(right[v]))));
  const step: Code = [
    right.map((vector, v) => local.set(vector, v128.load(local.get(bNext), 16 * v))),
    sums.map((rowSums, i) => [local.set(left, v128.load32Splat(local.get(a), FLOAT_BYTES * i)), rowSums.map(addProduct)]),
    advance(a, i32.const(FLOAT_BYTES * tile.rows)),
    advance(bNext, i32.const(FLOAT_BYTES * tile.columns)),
  ];
  const storeRow = (rowSums: readonly number[]): Code => [
    rowSums.map((sum, v) => v128.store(local.get(row), local.get(sum), 16 * v)),
    advance(row, local.get(rowBytes)),
  ];
  const body: Code = countDown(panels, [
    sums.flat().map((sum) => local.set(sum, v128.zero)),
    local.set(bNext, local.get(b)),
    local.set(depth, local.get(k)),
    countDown(depth, step),
    local.set(row, local.get(c)),
    sums.map(storeRow),
    local.set(c, local.get(row)),
  ]);
  return { name: 'tiles', parameters: 6, locals: locals.declared, body };
}

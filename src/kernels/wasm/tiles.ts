import { type Code, localsAfter, type WasmFunction } from './emitter.ts';
import { advance, countDown, f32x4, i32, local, v128 } from './instructions.ts';

/**
 * The matrix product in WebAssembly SIMD128, register-blocked (Goto and van de Geijn 2008, doi 10.1145/1356052.1356053).
 *
 * MR, NR: rows and columns of the tile of c that stays in registers while k runs.
 * packed a: panels of MR rows, [k][MR] f32. packed b: panels of NR columns, [k][NR] f32. Edges are padded with zeros, which only reach outputs
 * that nobody reads.
 *
 * Every output has one lane of one accumulator, so sums are sequential in k: the bits of the naive product. `fused` has one instruction for product and
 * sum, and may round once instead of twice, which is the same where products are exact in f32 (see `Exactness`); the others multiply, then add.
 */
export interface Tile {
  readonly rows: number;
  /** Multiple of 4. */
  readonly columns: number;
  readonly fused: boolean;
}

const LANES = 4;
const FLOAT_BYTES = 4;

/**
 * `tiles5x8(a, b, c, k, cRowBytes, rowPanels, columnPanels)`: c = or += packed a x packed b, both of k and whole panels. All counts are at least 1.
 * The name tells the tile, whether it is fused, and whether it adds to what c holds.
 */
export function tilesFunction(tile: Tile, addsToTarget: boolean): WasmFunction {
  const [a, b, c, k, rowBytes, rowPanels, columnPanels] = [0, 1, 2, 3, 4, 5, 6];
  const locals = localsAfter(7);
  const [aNext, bNext, depth, row, panels, top] = Array.from({ length: 6 }, () => locals.declare('i32'));
  const vectors = tile.columns / LANES;
  const right = Array.from({ length: vectors }, () => locals.declare('v128'));
  const left = locals.declare('v128');
  const sums = Array.from({ length: tile.rows }, () => Array.from({ length: vectors }, () => locals.declare('v128')));

  const addProduct = (sum: number, v: number): Code => {
    const [x, y] = [local.get(left), local.get(right[v])];
    return local.set(sum, tile.fused ? f32x4.relaxedMultiplyAdd(x, y, local.get(sum)) : f32x4.add(local.get(sum), f32x4.mul(x, y)));
  };
  const step: Code = [
    right.map((vector, v) => local.set(vector, v128.load(local.get(bNext), 16 * v))),
    sums.map((rowSums, i) => [local.set(left, v128.load32Splat(local.get(aNext), FLOAT_BYTES * i)), rowSums.map(addProduct)]),
    advance(aNext, i32.const(FLOAT_BYTES * tile.rows)),
    advance(bNext, i32.const(FLOAT_BYTES * tile.columns)),
  ];
  const overRows = (ofRow: (rowSums: readonly number[]) => Code): Code => [
    local.set(row, local.get(top)),
    sums.map((rowSums) => [ofRow(rowSums), advance(row, local.get(rowBytes))]),
  ];
  const start: Code = addsToTarget
    ? overRows((rowSums) => rowSums.map((sum, v) => local.set(sum, v128.load(local.get(row), 16 * v))))
    : sums.flat().map((sum) => local.set(sum, v128.zero));
  const body: Code = countDown(columnPanels, [
    local.set(aNext, local.get(a)),
    local.set(top, local.get(c)),
    local.set(panels, local.get(rowPanels)),
    countDown(panels, [
      start,
      local.set(bNext, local.get(b)),
      local.set(depth, local.get(k)),
      countDown(depth, step),
      overRows((rowSums) => rowSums.map((sum, v) => v128.store(local.get(row), local.get(sum), 16 * v))),
      local.set(top, local.get(row)),
    ]),
    local.set(b, local.get(bNext)),
    advance(c, i32.const(FLOAT_BYTES * tile.columns)),
  ]);
  return { name: tilesName(tile, addsToTarget), parameters: 7, locals: locals.declared, body };
}

export function tilesName({ rows, columns, fused }: Tile, addsToTarget: boolean): string {
  return `tiles${rows}x${columns}${fused ? 'Fused' : ''}${addsToTarget ? 'Adding' : ''}`;
}

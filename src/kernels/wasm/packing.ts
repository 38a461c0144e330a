import type { Dtype } from '../../model/index.ts';
import { type Code, localsAfter, type WasmFunction } from './emitter.ts';
import { advance, countDown, i32, i32x4, local, v128 } from './instructions.ts';
import type { Tile } from './tiles.ts';

/**
 * Packing for the tiles: panels that the inner loop reads from front to back, widened to f32. A bf16 is the upper half of an f32, so shifting its
 * bits up widens it; all moves are of integers, so the payload of a NaN survives.
 */
const FLOAT_BYTES = 4;
const LANES = 4;

/**
 * `packLeftF32(source, target, k, panels)` and `packLeftBf16`: panels of MR full rows of a [M, K] matrix, transposed to [k][MR] f32.
 */
export function packLeftFunction(tile: Tile, dtype: Dtype): WasmFunction {
  const [source, target, k, panels] = [0, 1, 2, 3];
  const locals = localsAfter(4);
  const depth = locals.declare('i32');
  const rows = Array.from({ length: tile.rows }, () => locals.declare('i32'));
  const elementBytes = dtype === 'f32' ? 4 : 2;
  const element = (row: number): Code =>
    dtype === 'f32' ? i32.load(local.get(row)) : i32.shl(i32.load16Unsigned(local.get(row)), i32.const(16));

  const step: Code = [
    rows.map((row, i) => i32.store(local.get(target), element(row), FLOAT_BYTES * i)),
    rows.map((row) => advance(row, i32.const(elementBytes))),
    advance(target, i32.const(FLOAT_BYTES * tile.rows)),
  ];
  const rowBytes = i32.mul(local.get(k), i32.const(elementBytes));
  const body: Code = countDown(panels, [
    rows.map((row, i) => local.set(row, i32.add(local.get(source), i32.mul(rowBytes, i32.const(i))))),
    local.set(depth, local.get(k)),
    countDown(depth, step),
    // The last row pointer stands behind its row, which is where the next panel begins.
    local.set(source, local.get(rows[tile.rows - 1])),
  ]);
  return { name: dtype === 'f32' ? 'packLeftF32' : 'packLeftBf16', parameters: 4, locals: locals.declared, body };
}

/**
 * `packRightF32(source, target, sourceRowBytes, k, panels)` and `packRightBf16`: panels of NR full columns of a [K, N] matrix, as [k][NR] f32.
 */
export function packRightFunction(tile: Tile, dtype: Dtype): WasmFunction {
  const [source, target, rowBytes, k, panels] = [0, 1, 2, 3, 4];
  const locals = localsAfter(5);
  const [depth, row] = [locals.declare('i32'), locals.declare('i32')];
  const elementBytes = dtype === 'f32' ? 4 : 2;
  const quad = (offset: number): Code =>
    dtype === 'f32' ? v128.load(local.get(row), offset) : i32x4.shl(v128.load16x4Unsigned(local.get(row), offset), i32.const(16));

  const step: Code = [
    Array.from({ length: tile.columns / LANES }, (_, v) =>
      v128.store(local.get(target), quad(LANES * elementBytes * v), LANES * FLOAT_BYTES * v),
    ),
    advance(row, local.get(rowBytes)),
    advance(target, i32.const(FLOAT_BYTES * tile.columns)),
  ];
  const body: Code = countDown(panels, [
    local.set(row, local.get(source)),
    local.set(depth, local.get(k)),
    countDown(depth, step),
    advance(source, i32.const(elementBytes * tile.columns)),
  ]);
  return { name: dtype === 'f32' ? 'packRightF32' : 'packRightBf16', parameters: 5, locals: locals.declared, body };
}

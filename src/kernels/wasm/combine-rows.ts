import { BYTES_PER_ELEMENT, type Dtype } from '../../model/index.ts';
import { loadBf16, roundToBf16Instructions, widenBf16 } from './bf16-lanes.ts';
import { type Code, localsAfter, type WasmFunction } from './emitter.ts';
import { advance, countDownFromAny, f32x4, i16x8, i32, ifThen, local, v128 } from './instructions.ts';
import { rowAt } from './row-moves.ts';
import { nameOf } from './row-sweep.ts';

/** Vectors of sums that stay in registers while the entries of a row are added: 32 columns. */
const SUMS = 8;
const LANES = 4;
const FLOAT_BYTES = 4;
const INT32_BYTES = 4;

/**
 * `combineRowsF32(source, starts, rows, isWeighted, weights, target, adds, count, width)`: what it computes is in `../moves.ts`. A target row goes block by block of
 * columns: the sums of 32 columns, then of 4, then of 1, over all entries of the row.
 */
export function combineRowsFunction(dtype: Dtype): WasmFunction {
  const [source, starts, rows, isWeighted, weights, target, adds, count, width] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const locals = localsAfter(9);
  const [rowBytes, entries, first, column, read] = Array.from({ length: 5 }, () => locals.declare('i32'));
  const [entry, entryWeight, left, blocks] = Array.from({ length: 4 }, () => locals.declare('i32'));
  const weight = locals.declare('v128');
  const access = blockAccess(() => locals.declare('v128'), dtype);
  const round = roundToBf16Instructions(() => locals.declare('v128'));
  const listAt = (list: number): Code => i32.add(local.get(list), i32.mul(local.get(first), i32.const(INT32_BYTES)));
  const loadedWeight = v128.load32Splat(local.get(entryWeight));

  const block = (size: BlockSize): Code => [
    access.clear(size),
    local.set(entry, listAt(rows)),
    local.set(entryWeight, listAt(weights)),
    local.set(left, local.get(entries)),
    countDownFromAny(left, [
      local.set(read, i32.add(rowAt(source, i32.load(local.get(entry)), rowBytes), local.get(column))),
      ifThen(local.get(isWeighted), local.set(weight, dtype === 'f32' ? loadedWeight : widenBf16(round(loadedWeight)))),
      access.add(size, read, (x) => f32x4.mul(local.get(weight), x)),
      advance(entry, i32.const(INT32_BYTES)),
      advance(entryWeight, i32.const(FLOAT_BYTES)),
    ]),
    ifThen(
      local.get(adds),
      access.add(size, target, (before) => before),
    ),
    access.store(size, target),
    advance(target, i32.const(COLUMNS[size] * BYTES_PER_ELEMENT[dtype])),
    advance(column, i32.const(COLUMNS[size] * BYTES_PER_ELEMENT[dtype])),
  ];
  const blocksOf = (size: BlockSize, number: Code): Code => [local.set(blocks, number), countDownFromAny(blocks, block(size))];
  const body: Code = [
    local.set(rowBytes, i32.mul(local.get(width), i32.const(BYTES_PER_ELEMENT[dtype]))),
    local.set(weight, v128.f32Const(1)),
    countDownFromAny(count, [
      local.set(first, i32.load(local.get(starts))),
      local.set(entries, i32.sub(i32.load(local.get(starts), INT32_BYTES), local.get(first))),
      local.set(column, i32.const(0)),
      blocksOf('wide', i32.shrUnsigned(local.get(width), i32.const(5))),
      blocksOf('quad', i32.and(i32.shrUnsigned(local.get(width), i32.const(2)), i32.const(SUMS - 1))),
      blocksOf('single', i32.and(local.get(width), i32.const(LANES - 1))),
      advance(starts, i32.const(INT32_BYTES)),
    ]),
  ];
  return { name: nameOf('combineRows', dtype), parameters: 9, locals: locals.declared, body };
}

type BlockSize = 'wide' | 'quad' | 'single';
const COLUMNS: Readonly<Record<BlockSize, number>> = { wide: SUMS * LANES, quad: LANES, single: 1 };
const VECTORS: Readonly<Record<BlockSize, number>> = { wide: SUMS, quad: 1, single: 1 };

/** The sums of a block, and what lies at an address in the dtype. */
interface BlockAccess {
  clear(size: BlockSize): Code;
  /** sums += term(the elements at the address in `pointer`) */
  add(size: BlockSize, pointer: number, term: (elements: Code) => Code): Code;
  store(size: BlockSize, pointer: number): Code;
}

function blockAccess(declare: () => number, dtype: Dtype): BlockAccess {
  const sums = Array.from({ length: SUMS }, declare);
  const round = roundToBf16Instructions(declare);
  const ofBlock = (size: BlockSize): number[] => sums.slice(0, VECTORS[size]);
  const load = (size: BlockSize, at: Code, v: number): Code => {
    // The upper half of a lane is where a bf16 is an f32.
    if (size === 'single') return dtype === 'f32' ? v128.load32Zero(at) : v128.load16Lane(at, v128.zero, 1);
    return dtype === 'f32' ? v128.load(at, 16 * v) : loadBf16(at, 8 * v);
  };
  return {
    clear: (size) => ofBlock(size).map((sum) => local.set(sum, v128.zero)),
    add: (size, pointer, term) =>
      ofBlock(size).map((sum, v) => local.set(sum, f32x4.add(local.get(sum), term(load(size, local.get(pointer), v))))),
    store(size, pointer) {
      const [at, first] = [local.get(pointer), local.get(sums[0])];
      if (dtype === 'f32') {
        if (size === 'single') return v128.store32Lane(at, first, 0);
        return ofBlock(size).map((sum, v) => v128.store(at, local.get(sum), 16 * v));
      }
      const rounded = ofBlock(size).map((sum) => local.set(sum, round(local.get(sum))));
      if (size === 'single') return [rounded, v128.store16Lane(at, first, 0)];
      if (size === 'quad') return [rounded, v128.store64Lane(at, i16x8.narrowUnsigned(first, first), 0)];
      const pair = (p: number): Code => i16x8.narrowUnsigned(local.get(sums[2 * p]), local.get(sums[2 * p + 1]));
      return [rounded, Array.from({ length: SUMS / 2 }, (_, p) => v128.store(at, pair(p), 16 * p))];
    },
  };
}

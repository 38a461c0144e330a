import { BYTES_PER_ELEMENT, type Dtype } from '../../model/index.ts';
import { type Code, localsAfter, type WasmFunction } from './emitter.ts';
import { advance, countDown, countDownFromAny, i8x16, i16x8, i32, i32x4, ifThen, local, unitsOf, v128 } from './instructions.ts';

/**
 * Packing for the tiles: panels that the inner loop reads from front to back, [k][W] f32 with W lines of an operand (rows of the left one, columns of the right
 * one). A bf16 is the upper half of an f32, so widening moves bits; all moves are of integers, so the payload of a NaN survives.
 *
 * A function of bf16 also returns the range of what it packed: in the low half the least t - 1, in the high half the greatest t, where t is the bits
 * without the sign (a t of 0 counts as nothing, being exact whatever it meets). `Exactness` says what that is good for.
 *
 * along: each line lies along k in memory, and lines are `lineBytes` apart.    across: the W lines of one k lie side by side, and the next k is `lineBytes` away.
 */
const FLOAT_BYTES = 4;
const LANES = 4;
/** Elements of a line that a step of `along` takes: a vector of bf16, or of f32. */
const STEP: Readonly<Record<Dtype, number>> = { bf16: 8, f32: 4 };

const MAGNITUDE = 0x7fff;
/** What nothing but zeros leaves: the greatest t - 1, the least t. Functions of f32, which has no range, return it too. */
export const EMPTY_RANGE = 0x0000ffff;

const LOW_TO_UPPER_HALVES = [0, 0, 16, 17, 0, 0, 18, 19, 0, 0, 20, 21, 0, 0, 22, 23];
const HIGH_TO_UPPER_HALVES = LOW_TO_UPPER_HALVES.map((byte) => (byte >= 16 ? byte + 8 : byte));

/** f32 of the low, or the high, four bf16 of a vector. */
function widen(vector: Code, half: 'low' | 'high'): Code {
  return i8x16.shuffle(v128.zero, vector, half === 'low' ? LOW_TO_UPPER_HALVES : HIGH_TO_UPPER_HALVES);
}

/** Locals that follow the range of all bf16 that `watch` saw. */
function rangeLocals(declare: (type: 'v128' | 'i32') => number) {
  const [least, greatest, magnitude] = [declare('v128'), declare('v128'), declare('v128')];
  const lanes = [declare('i32'), declare('i32')];
  /** The better of a lane of `vector` and of lane `lane` in a scalar. */
  const fold = (scalar: number, value: Code, isBetter: (a: Code, b: Code) => Code): Code =>
    local.set(scalar, i32.select(isBetter(value, local.get(scalar)), value, local.get(scalar)));
  const half = (vector: number, lane: number): Code => {
    const word = i32x4.extractLane(local.get(vector), lane >> 1);
    return lane % 2 === 0 ? i32.and(word, i32.const(0xffff)) : i32.shrUnsigned(word, i32.const(16));
  };
  return {
    start: [local.set(least, i16x8.splat(i32.const(-1))), local.set(greatest, v128.zero)] as Code,
    watch: (vector: Code): Code => [
      local.set(magnitude, v128.and(vector, i16x8.splat(i32.const(MAGNITUDE)))),
      local.set(greatest, i16x8.maxUnsigned(local.get(greatest), local.get(magnitude))),
      local.set(least, i16x8.minUnsigned(local.get(least), i16x8.sub(local.get(magnitude), i16x8.splat(i32.const(1))))),
    ],
    result: [
      local.set(lanes[0], half(least, 0)),
      local.set(lanes[1], half(greatest, 0)),
      Array.from({ length: 7 }, (_, i) => [fold(lanes[0], half(least, i + 1), i32.lt), fold(lanes[1], half(greatest, i + 1), i32.gt)]),
      i32.or(local.get(lanes[0]), i32.shl(local.get(lanes[1]), i32.const(16))),
    ] as Code,
  };
}

/** First lines of the groups of four that cover W lines; the last may overlap the one before. */
function groupsOfFour(width: number): number[] {
  const groups: number[] = [];
  for (let first = 0; first + LANES <= width; first += LANES) groups.push(first);
  if (width % LANES !== 0) groups.push(width - LANES);
  return groups;
}

/** Panels that are packed side by side are two to the power of this: about 128 columns, so that a visit to a row of the operand takes cache lines in a row. */
function togetherBits(width: number): number {
  return width <= 8 ? 4 : 3;
}

/** `packAcross5Bf16(source, lineBytes, target, k, panels)`: whole panels of W lines that lie side by side. W is at least 4. */
export function packAcrossFunction(width: number, dtype: Dtype): WasmFunction {
  const [source, lineBytes, target, k, panels] = [0, 1, 2, 3, 4];
  const locals = localsAfter(5);
  const [depth, line, vector, groups] = [locals.declare('i32'), locals.declare('i32'), locals.declare('v128'), locals.declare('i32')];
  const most = 1 << togetherBits(width);
  const targets = Array.from({ length: most }, () => locals.declare('i32'));
  const range = dtype === 'bf16' ? rangeLocals((type) => locals.declare(type)) : null;
  const eights = dtype === 'bf16' ? Math.floor(width / 8) : 0;
  const lineOfPanel = (panel: number): Code => {
    const at = BYTES_PER_ELEMENT[dtype] * width * panel;
    const put = (first: number, values: Code): Code => v128.store(local.get(targets[panel]), values, FLOAT_BYTES * first);
    const load = (value: Code): Code => [local.set(vector, value), range?.watch(local.get(vector)) ?? []];
    return [
      Array.from({ length: eights }, (_, i) => [
        load(v128.load(local.get(line), at + 16 * i)),
        put(8 * i, widen(local.get(vector), 'low')),
        put(8 * i + 4, widen(local.get(vector), 'high')),
      ]),
      groupsOfFour(width)
        .filter((first) => first + LANES > 8 * eights)
        .map((first) =>
          dtype === 'f32'
            ? put(first, v128.load(local.get(line), at + FLOAT_BYTES * first))
            : [load(v128.load64Zero(local.get(line), at + 2 * first)), put(first, widen(local.get(vector), 'low'))],
        ),
      advance(targets[panel], i32.const(FLOAT_BYTES * width)),
    ];
  };
  /** Packs `count` panels side by side and moves on behind them. */
  const together = (count: number): Code => [
    local.set(line, local.get(source)),
    targets.slice(0, count).map((panel) => [local.set(panel, local.get(target)), advance(target, panelBytes)]),
    local.set(depth, local.get(k)),
    countDown(depth, [Array.from({ length: count }, (_, panel) => lineOfPanel(panel)), advance(line, local.get(lineBytes))]),
    advance(source, i32.const(BYTES_PER_ELEMENT[dtype] * width * count)),
  ];
  const panelBytes = i32.mul(local.get(k), i32.const(FLOAT_BYTES * width));
  const body: Code = [
    range?.start ?? [],
    local.set(groups, i32.shrUnsigned(local.get(panels), i32.const(togetherBits(width)))),
    countDownFromAny(groups, together(most)),
    local.set(groups, i32.and(local.get(panels), i32.const(most - 1))),
    countDownFromAny(groups, together(1)),
    range?.result ?? i32.const(EMPTY_RANGE),
  ];
  return { name: packName('packAcross', width, dtype), parameters: 5, result: 'i32', locals: locals.declared, body };
}

/** `packAlong5Bf16(source, lineBytes, target, k, panels)`: whole panels of W lines, each along k: blocks of four lines are transposed in registers. */
export function packAlongFunction(width: number, dtype: Dtype): WasmFunction {
  const [source, lineBytes, target, k, panels] = [0, 1, 2, 3, 4];
  const locals = localsAfter(5);
  const [steps, left, write] = [locals.declare('i32'), locals.declare('i32'), locals.declare('i32')];
  const lines = Array.from({ length: LANES }, () => locals.declare('i32'));
  const range = dtype === 'bf16' ? rangeLocals((type) => locals.declare(type)) : null;
  const transpose = dtype === 'bf16' ? transposeBf16(locals.declare) : transposeF32(locals.declare);
  const panelBytes = FLOAT_BYTES * width;
  const bytes = BYTES_PER_ELEMENT[dtype];
  const put = (at: number, values: Code): Code => v128.store(local.get(write), values, panelBytes * at);
  const remaining: Code = lines.map((line, i) => [
    i32.store(
      local.get(write),
      dtype === 'f32' ? i32.load(local.get(line)) : i32.shl(i32.load16Unsigned(local.get(line)), i32.const(16)),
      FLOAT_BYTES * i,
    ),
    dtype === 'f32' ? [] : (range?.watch(i32x4.splat(i32.load16Unsigned(local.get(line)))) ?? []),
    advance(line, i32.const(bytes)),
  ]);
  const group = (first: number): Code => [
    lines.map((line, i) => local.set(line, i32.add(local.get(source), i32.mul(local.get(lineBytes), i32.const(first + i))))),
    local.set(write, i32.add(local.get(target), i32.const(FLOAT_BYTES * first))),
    local.set(steps, i32.shrUnsigned(local.get(k), i32.const(dtype === 'bf16' ? 3 : 2))),
    countDownFromAny(steps, [
      transpose(
        lines.map((line) => v128.load(local.get(line))),
        (vector) => range?.watch(vector) ?? [],
        put,
      ),
      lines.map((line) => advance(line, i32.const(16))),
      advance(write, i32.const(panelBytes * STEP[dtype])),
    ]),
    local.set(left, i32.and(local.get(k), i32.const(STEP[dtype] - 1))),
    countDownFromAny(left, [remaining, advance(write, i32.const(panelBytes))]),
  ];
  const body: Code = [
    range?.start ?? [],
    countDownFromAny(panels, [
      groupsOfFour(width).map(group),
      advance(source, i32.mul(local.get(lineBytes), i32.const(width))),
      advance(target, i32.mul(local.get(k), i32.const(panelBytes))),
    ]),
    range?.result ?? i32.const(EMPTY_RANGE),
  ];
  return { name: packName('packAlong', width, dtype), parameters: 5, result: 'i32', locals: locals.declared, body };
}

type Transpose = (lines: readonly Code[], watch: (vector: Code) => Code, put: (at: number, values: Code) => Code) => Code;

/** Four lines of eight bf16 to eight k of four f32. */
function transposeBf16(declare: (type: 'v128') => number): Transpose {
  const line = Array.from({ length: LANES }, () => declare('v128'));
  const pairs = Array.from({ length: 4 }, () => declare('v128'));
  const twoDepths = declare('v128');
  const [low, high] = [unitsOf(2, [0, 8, 1, 9, 2, 10, 3, 11]), unitsOf(2, [4, 12, 5, 13, 6, 14, 7, 15])];
  const [even, odd] = [unitsOf(4, [0, 4, 1, 5]), unitsOf(4, [2, 6, 3, 7])];
  return (loads, watch, put) => [
    loads.map((load, i) => [local.set(line[i], load), watch(local.get(line[i]))]),
    [0, 1].map((pair) => [
      local.set(pairs[2 * pair], i8x16.shuffle(local.get(line[2 * pair]), local.get(line[2 * pair + 1]), low)),
      local.set(pairs[2 * pair + 1], i8x16.shuffle(local.get(line[2 * pair]), local.get(line[2 * pair + 1]), high)),
    ]),
    [0, 1].flatMap((upper) =>
      [even, odd].map((which, i) => [
        local.set(twoDepths, i8x16.shuffle(local.get(pairs[upper]), local.get(pairs[2 + upper]), which)),
        put(4 * upper + 2 * i, widen(local.get(twoDepths), 'low')),
        put(4 * upper + 2 * i + 1, widen(local.get(twoDepths), 'high')),
      ]),
    ),
  ];
}

/** Four lines of four f32 to four k of four f32. */
function transposeF32(declare: (type: 'v128') => number): Transpose {
  const line = Array.from({ length: LANES }, () => declare('v128'));
  const pairs = Array.from({ length: 4 }, () => declare('v128'));
  const [low, high] = [unitsOf(4, [0, 4, 1, 5]), unitsOf(4, [2, 6, 3, 7])];
  const [first, second] = [unitsOf(8, [0, 2]), unitsOf(8, [1, 3])];
  return (loads, _watch, put) => [
    loads.map((load, i) => local.set(line[i], load)),
    [0, 1].map((pair) => [
      local.set(pairs[2 * pair], i8x16.shuffle(local.get(line[2 * pair]), local.get(line[2 * pair + 1]), low)),
      local.set(pairs[2 * pair + 1], i8x16.shuffle(local.get(line[2 * pair]), local.get(line[2 * pair + 1]), high)),
    ]),
    [0, 1].flatMap((upper) =>
      [first, second].map((which, i) => put(2 * upper + i, i8x16.shuffle(local.get(pairs[upper]), local.get(pairs[2 + upper]), which))),
    ),
  ];
}

/**
 * `packEdgeBf16(source, lineBytes, depthBytes, target, k, lines, width)`: one panel of `width` lines of which only `lines` (at least 1) exist; the others
 * are zero. For either orientation, by the bytes from line to line and from k to k.
 */
export function packEdgeFunction(dtype: Dtype): WasmFunction {
  const [source, lineBytes, depthBytes, target, k, lines, width] = [0, 1, 2, 3, 4, 5, 6];
  const locals = localsAfter(7);
  const [read, write, left] = [locals.declare('i32'), locals.declare('i32'), locals.declare('i32')];
  const range = dtype === 'bf16' ? rangeLocals((type) => locals.declare(type)) : null;
  const element = dtype === 'f32' ? i32.load(local.get(read)) : i32.shl(i32.load16Unsigned(local.get(read)), i32.const(16));
  const body: Code = [
    range?.start ?? [],
    countDownFromAny(k, [
      local.set(read, local.get(source)),
      local.set(write, local.get(target)),
      local.set(left, local.get(lines)),
      countDown(left, [
        i32.store(local.get(write), element),
        range === null ? [] : range.watch(i32x4.splat(i32.load16Unsigned(local.get(read)))),
        advance(read, local.get(lineBytes)),
        advance(write, i32.const(FLOAT_BYTES)),
      ]),
      local.set(left, i32.sub(local.get(width), local.get(lines))),
      ifThen(local.get(left), countDown(left, [i32.store(local.get(write), i32.const(0)), advance(write, i32.const(FLOAT_BYTES))])),
      advance(source, local.get(depthBytes)),
      local.set(target, local.get(write)),
    ]),
    range?.result ?? i32.const(EMPTY_RANGE),
  ];
  return { name: dtype === 'f32' ? 'packEdgeF32' : 'packEdgeBf16', parameters: 7, result: 'i32', locals: locals.declared, body };
}

export function packName(kind: 'packAlong' | 'packAcross', width: number, dtype: Dtype): string {
  return `${kind}${width}${dtype === 'f32' ? 'F32' : 'Bf16'}`;
}

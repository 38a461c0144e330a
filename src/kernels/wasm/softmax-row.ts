import { addLanes } from './element-loop.ts';
import type { Code } from './emitter.ts';
import { expInstructions } from './exp.ts';
import { f32, f32x4, i32, ifThen, local, v128 } from './instructions.ts';
import { type Row, rowSweep, type Scope } from './row-sweep.ts';

/** The parts of a row softmax, as `softmaxRow` of TypeScript computes it; all numbers are f32. */

/**
 * The greatest number of a row in every lane of a local; NaN where there is one. One comparison for each vector decides most rows. It knows neither NaN nor
 * which zero is the greater, so rows with a NaN, or whose maximum is a zero, are swept again by the rule of Math.max.
 */
export function rowMaximum(scope: Scope, columns: number, row: Row): { readonly maximum: number; readonly code: Code } {
  const [maximum, unordered] = [scope.declare('v128'), scope.declare('v128')];
  const start = local.set(maximum, v128.load32Splat(local.get(row.start)));
  const sweep = (greater: (a: Code, b: Code) => Code, watch: (x: Code) => Code): Code => [
    start,
    rowSweep(scope, {
      columns,
      inputs: [row],
      outputs: [],
      step: ([x], keep) => ({
        code: [local.set(maximum, greater(local.get(maximum), keep(x, local.get(maximum)))), watch(x)],
        results: [],
      }),
    }),
    local.set(maximum, f32x4.splat(maximumOfLanes(maximum))),
  ];
  const code = [
    local.set(unordered, v128.zero),
    sweep(f32x4.pmax, (x) => local.set(unordered, v128.or(local.get(unordered), f32x4.ne(x, x)))),
    ifThen(
      i32.or(v128.anyTrue(local.get(unordered)), v128.anyTrue(f32x4.eq(local.get(maximum), v128.zero))),
      sweep(f32x4.max, () => []),
    ),
  ];
  return { maximum, code };
}

/** target = e^(x - maximum) of a row; the sum of them as four lanes take it, in every lane of a local. No target: only the sum. */
export function rowExponentials(
  scope: Scope,
  columns: number,
  row: Row,
  maximum: number,
  target: Row | null,
): { readonly sum: number; readonly code: Code } {
  const { declare, constants } = scope;
  const [sum, value] = [declare('v128'), declare('v128')];
  const exp = expInstructions(() => declare('v128'), constants);
  const code = [
    local.set(sum, v128.zero),
    rowSweep(scope, {
      columns,
      inputs: [row],
      outputs: target === null ? [] : [target],
      step: ([x], keep) => ({
        code: [exp(value, f32x4.sub(x, local.get(maximum))), local.set(sum, f32x4.add(local.get(sum), keep(local.get(value))))],
        results: target === null ? [] : [local.get(value)],
      }),
    }),
    local.set(sum, f32x4.splat(addLanes(sum))),
  ];
  return { sum, code };
}

function maximumOfLanes(vector: number): Code {
  const lane = (index: number): Code => f32x4.extractLane(local.get(vector), index);
  return f32.max(f32.max(lane(0), lane(1)), f32.max(lane(2), lane(3)));
}

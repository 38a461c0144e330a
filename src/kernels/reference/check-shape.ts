import type { Reals } from '../numerics.ts';

/**
 * The one error of tensors that do not fit: function, argument, bound and value.
 * `shape` says how the bound comes about, e.g. `3 rows x 4`.
 */
export function expectElements(fn: string, argument: string, array: Reals | Int32Array | Uint8Array, elements: number, shape = ''): void {
  if (array.length === elements) return;
  const reason = shape === '' ? '' : ` (${shape})`;
  throw new RangeError(`${fn}: ${argument} must have ${elements} elements${reason}, has ${array.length}`);
}

/** The same by named dimensions: `expectTensor('linear', 'x', x, { rows, inputs })`. An optional tensor that is absent fits. */
export function expectTensor(
  fn: string,
  argument: string,
  tensor: Reals | Int32Array | Uint8Array | null,
  dimensions: Readonly<Record<string, number>>,
): void {
  if (tensor === null) return;
  let elements = 1;
  for (const size of Object.values(dimensions)) elements *= size;
  if (tensor.length === elements) return;
  const shape = Object.entries(dimensions).map(([name, size]) => `${size} ${name}`);
  expectElements(fn, argument, tensor, elements, shape.join(' x '));
}

/** A dimension, a count or an option: a whole number of at least `least`. */
export function expectWhole(fn: string, argument: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(`${fn}: ${argument} must be a whole number of at least ${least}, is ${value}`);
}

/** Any other bound, in words: `expectThat(heads % kvHeads === 0, 'attention', 'kvHeads', 'must divide heads = 8', 3)`. */
export function expectThat(condition: boolean, fn: string, argument: string, rule: string, value: number | string): asserts condition {
  if (!condition) throw new RangeError(`${fn}: ${argument} ${rule}, is ${value}`);
}

/** Numbers that are appended one at a time, kept as a typed array. */
export interface GrowingArray<T> {
  readonly push: (value: number) => void;
  readonly length: () => number;
  /** What was pushed; the array is not used afterwards. */
  readonly take: () => T;
}

export function growingUint32(): GrowingArray<Uint32Array> {
  let values = new Uint32Array(1024);
  let count = 0;
  return {
    push: (value) => {
      if (count === values.length) {
        const larger = new Uint32Array(2 * count);
        larger.set(values);
        values = larger;
      }
      values[count++] = value;
    },
    length: () => count,
    take: () => values.subarray(0, count),
  };
}

export function growingFloat64(): GrowingArray<Float64Array> {
  let values = new Float64Array(1024);
  let count = 0;
  return {
    push: (value) => {
      if (count === values.length) {
        const larger = new Float64Array(2 * count);
        larger.set(values);
        values = larger;
      }
      values[count++] = value;
    },
    length: () => count,
    take: () => values.subarray(0, count),
  };
}

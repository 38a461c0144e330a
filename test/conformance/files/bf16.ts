import { expect } from 'vitest';
import { bf16Bits, bf16FromF32Bits, bf16Value, roundArrayToBf16 } from '../../../src/kernels/index.ts';
import type { VectorFile } from '../case.ts';

interface Vectors {
  readonly special?: readonly { readonly f32: number; readonly bf16: number; readonly why: string; readonly nan: boolean }[];
  readonly random?: readonly (readonly [f32: number, bf16: number])[];
  readonly ties?: readonly (readonly [f32: number, bf16: number])[];
}

const EXPONENT = 0x7f80;
const QUIET = 0x0040;
/** Bits of f32 infinity; without the sign, all that is above is NaN. */
const INFINITY = 0x7f800000;

/** The rule, and the same through arrays and through numbers (where NaN may change its payload on the way). */
function roundAll(f32: number): { rule: number; array: number; number: number } {
  const source = new Float32Array(Uint32Array.of(f32).buffer);
  const target = new Uint16Array(1);
  roundArrayToBf16(source, target);
  return { rule: bf16FromF32Bits(f32), array: target[0], number: bf16Bits(source[0]) };
}

const checkRounding = (f32: number, bf16: number): void => ((f32 & 0x7fffffff) > INFINITY ? roundsToNan(f32) : roundsTo(f32, bf16));

const roundsTo = (f32: number, bf16: number): void => expect(roundAll(f32)).toEqual({ rule: bf16, array: bf16, number: bf16 });

/** Any quiet NaN of the same sign. */
function roundsToNan(f32: number): void {
  for (const bits of Object.values(roundAll(f32))) {
    expect(bits & EXPONENT).toBe(EXPONENT);
    expect(bits & QUIET).toBe(QUIET);
    expect(Number.isNaN(bf16Value(bits))).toBe(true);
  }
  expect(bf16FromF32Bits(f32) >>> 15).toBe(f32 >>> 31);
}

/** Rounding of f32 to bf16: nearest, halves to even. */
export function bf16({ special = [], random = [], ties = [] }: Vectors): VectorFile {
  const rows = [
    ...random.map(([f32, wanted]) => ({ f32, bf16: wanted, name: `random ${hex(f32)}` })),
    ...ties.map(([f32, wanted]) => ({ f32, bf16: wanted, name: `tie ${hex(f32)}` })),
  ];
  return {
    cases: [
      ...special.map((row) => ({
        name: `${hex(row.f32)} ${row.why}`,
        run: () => checkRounding(row.f32, row.bf16),
      })),
      ...rows.map((row) => ({ name: row.name, run: () => checkRounding(row.f32, row.bf16) })),
    ],
  };
}

function hex(bits: number): string {
  return `0x${bits.toString(16).padStart(8, '0')}`;
}

import type { Limits } from '../../../kernels/index.ts';
import type { Dtype } from '../../../model/index.ts';
import type { CLimits, CLoops } from './c-limits.ts';
import type { Session, Turn } from './session.ts';

/**
 * The most that one thread can do, GFLOP/s: the best of all measurements of the run. Those of WebAssembly end with what its engine makes of it, those of C with
 * the processor. Null where it cannot be measured here.
 */
export interface MachineLimits {
  /** 128-bit vectors in WebAssembly: multiply then add, or fused where V8 has it, whichever is faster. */
  readonly simd128: number | null;
  /** Pairs of them that V8 joins to 256 bits. */
  readonly simd256: number | null;
  /** The same in C, f32: with the operations that WebAssembly has here ... */
  readonly c128: number | null;
  /** ... and fused multiply-add of wider vectors. */
  readonly c256: number | null;
  readonly c512: number | null;
  /** Products of bf16 pairs (vdpbf16ps), 512 bits. */
  readonly cBf16: number | null;
  /** Every loop in C. */
  readonly cLoops: CLimits | null;
}

export type LimitName = 'simd128' | 'simd256' | 'c128' | 'c256' | 'c512' | 'cBf16';

/** The limit that holds for a path. Where V8 joins vectors, it does so in every module in which it finds pairs. Oracles without SIMD are held against the narrowest. */
export function limitOf(path: string, dtype: Dtype, { simd256 }: Pick<MachineLimits, 'simd256'>): LimitName {
  if (path.startsWith('wasm') && simd256 !== null) return 'simd256';
  if (path === 'native-avx512-bf16' && dtype === 'bf16') return 'cBf16';
  if (path.startsWith('native-avx512')) return 'c512';
  return path.startsWith('native') ? 'c256' : 'simd128';
}

/** Share of the limit that a rate on some threads is. */
export function shareOfLimit(gflops: number, threads: number, limit: number | null): number | null {
  return limit === null ? null : gflops / (threads * limit);
}

export interface LimitSeries {
  readonly turn: Turn;
  /** Once something was measured. */
  readonly result: () => MachineLimits;
}

export function limitSeries(session: Session, cLoops: CLoops | null, milliseconds: number): LimitSeries {
  const fused = session.hasFused;
  const wasm: Limits[] = [];
  const c: CLimits[] = [];
  return {
    turn: {
      name: 'limits',
      // Whatever the round: the limit is the best of all.
      measure: async () => {
        const measured = await session.limits(milliseconds);
        if (measured !== null) wasm.push(measured);
        if (cLoops !== null) c.push(await cLoops.measure(milliseconds));
      },
    },
    result: () => machineLimits(wasm, c, fused),
  };
}

function machineLimits(wasm: readonly Limits[], c: readonly CLimits[], fused: boolean): MachineLimits {
  const loops = c.length === 0 ? null : bestLoops(c);
  return {
    simd128: best(wasm.map(({ simd128 }) => simd128)),
    simd256: best(wasm.map(({ simd256 }) => simd256)),
    c128: loops && (fused ? best([loops.mulAdd128, loops.fma128]) : loops.mulAdd128),
    c256: loops?.fma256 ?? null,
    c512: loops?.fma512 ?? null,
    cBf16: loops?.bf16x512 ?? null,
    cLoops: loops,
  };
}

function bestLoops(measured: readonly CLimits[]): CLimits {
  const of = (name: keyof CLimits): number | null => best(measured.map((limits) => limits[name]));
  return {
    mulAdd128: of('mulAdd128') ?? 0,
    fma128: of('fma128'),
    mulAdd256: of('mulAdd256'),
    fma256: of('fma256'),
    mulAdd512: of('mulAdd512'),
    fma512: of('fma512'),
    bf16x512: of('bf16x512'),
  };
}

function best(values: readonly (number | null)[]): number | null {
  const measured = values.filter((value) => value !== null);
  return measured.length === 0 ? null : Math.max(...measured);
}

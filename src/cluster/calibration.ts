import {
  bestRates,
  type KernelMemory,
  type KernelSpeed,
  limitsOf,
  openTimings,
  type Timed,
  type TimedTiles,
  timedTiles,
  WASM_VARIANTS,
  type WasmVariant,
} from '../kernels/index.ts';
import { loadNativeAddon, type NativeLevel, openNativeTiles, type PeakKind } from './native-tiles.ts';
import { withBestCompiler } from './v8-flags.ts';

/** A path that could be taken, and how fast it is; the limit of one with native tiles is left open (see `limitOf`). */
export interface Candidate {
  /** Name for provenance. */
  readonly name: string;
  /** Of the module; one with native tiles sits on the module that is the fastest. */
  readonly variant: WasmVariant;
  /** Null where the module's own tiles are used. */
  readonly native: NativeLevel | null;
  readonly speed: KernelSpeed;
}

/** For all of it together, after the inner loops are compiled. */
const MILLISECONDS = 4;

/**
 * Times the inner loops of all variants that compile here, those of the native addon where it is built, and the limits of this machine, in turns; the fastest for
 * bf16 comes first. `memory` has TIMING_BYTES or more, whose contents are lost. Throws where there is no WebAssembly SIMD.
 */
export function calibrate(memory: KernelMemory, clock: () => number): Candidate[] {
  const { limits, variants } = withBestCompiler(() => {
    const timings = openTimings(memory);
    // Each function is compiled when it first runs.
    for (const { run } of [...timings.limits, ...timings.variants.flatMap(bothOf)]) run();
    return timings;
  });
  const native = openNative(memory);
  const rates = bestRates([...limits, ...[...variants, ...native].flatMap(bothOf)], clock, MILLISECONDS);
  const { simd128, simd256 } = limitsOf(rates.splice(0, limits.length));
  // Where V8 joins vectors, it does so in every module, as far as it finds pairs.
  const limit = simd256 ?? simd128;
  const speeds = [...variants, ...native].map((_, i) => ({ f32: rates[2 * i], bf16: rates[2 * i + 1] }));
  const inModules = variants.map(
    ({ variant }, i): Candidate => ({ name: WASM_VARIANTS[variant].path, variant, native: null, speed: { ...speeds[i], limit } }),
  );
  inModules.sort(fastestFirst);
  const [{ variant }] = inModules;
  const outside = native.map(
    ({ name, level }, i): Candidate => ({ name, variant, native: level, speed: { ...speeds[variants.length + i], limit: null } }),
  );
  return [...inModules, ...outside].sort(fastestFirst);
}

/**
 * The limit of a path, where it takes another measurement: native tiles are held against the processor's own, for vectors like theirs. Loops and tiles meet different
 * moments of the machine, and nothing is faster than its limit: that is at least what was reached.
 */
export function limitOf({ native, speed }: Candidate): number | null {
  const { addon } = native === null ? { addon: null } : loadNativeAddon();
  const limit = addon === null || native === null ? speed.limit : addon.peak(PEAK_OF_LEVEL[native], PEAK_MILLISECONDS);
  return limit === null ? null : Math.max(limit, speed.bf16, speed.f32);
}

const PEAK_MILLISECONDS = 1;
const PEAK_OF_LEVEL: Readonly<Record<NativeLevel, PeakKind>> = { 'avx512-bf16': 'bf16-512', avx512: 'fma-512', avx2: 'fma-256' };

function fastestFirst(a: Candidate, b: Candidate): number {
  return b.speed.bf16 - a.speed.bf16;
}

/** In the order in which their rates are read. */
function bothOf({ plain, fused }: TimedTiles): readonly Timed[] {
  return [plain, fused];
}

interface TimedLevel extends TimedTiles {
  readonly name: string;
  readonly level: NativeLevel;
}

/** Every level of the addon that this processor has; none where it is not built. */
function openNative(memory: KernelMemory): readonly TimedLevel[] {
  const { addon } = loadNativeAddon();
  return (addon?.levels() ?? []).flatMap((level) => {
    const { tiles } = openNativeTiles(memory, level);
    return tiles === null ? [] : [{ ...timedTiles(tiles), name: tiles.path, level }];
  });
}

import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Exactness, KernelMemory, OtherTiles, TileKernel } from '../kernels/index.ts';
import { isCutOff } from './cut-file.ts';

/** What a processor may have: AVX2 with FMA, AVX-512, AVX-512 with products of bf16. */
export type NativeLevel = 'avx512-bf16' | 'avx512' | 'avx2';

/** What the names of native paths begin with. */
export const NATIVE = 'native-';

/** Tiles over a memory, or why there are none. */
export type NativeTiles = { readonly tiles: OtherTiles } | { readonly tiles: null; readonly reason: string };

/** Kinds of multiply-adds on registers alone. */
export type PeakKind = 'mul-add-128' | 'fma-128' | 'fma-256' | 'fma-512' | 'bf16-512';

/** What native/kernels.c exports. */
export interface NativeAddon {
  /** Those that this processor has, the most special first. */
  levels(): NativeLevel[];
  open(memory: Uint8Array, level: NativeLevel, fused: boolean): Opened;
  pack(
    kernel: object,
    isRight: number,
    offset: number,
    lineBytes: number,
    depthBytes: number,
    isBf16: number,
    lines: number,
    depth: number,
    target: number,
  ): number;
  tiles(
    kernel: object,
    left: number,
    right: number,
    c: number,
    depth: number,
    cRowBytes: number,
    rowPanels: number,
    columnPanels: number,
    addsToTarget: number,
  ): void;
  /** GFLOP/s of one core, the best in some milliseconds; 0 where this processor does not have the kind. */
  peak(kind: PeakKind, milliseconds: number): number;
}

interface Opened {
  readonly kernel: object;
  readonly rows: number;
  readonly columns: number;
  readonly depthStep: 1 | 2;
  readonly elementBytes: 2 | 4;
}

/** Where `npm run build:native` puts the addon: the same file for src/ and dist/. */
export const ADDON_FILE = fileURLToPath(new URL(`../../build/native/${process.platform}-${process.arch}/kernels.node`, import.meta.url));

const CALLS: readonly (keyof NativeAddon)[] = ['levels', 'open', 'pack', 'tiles', 'peak'];

/** The addon, or why it cannot be loaded. */
export function loadNativeAddon(file = ADDON_FILE): { readonly addon: NativeAddon } | { readonly addon: null; readonly reason: string } {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return { addon: null, reason: 'not built: npm run build:native' };
    // A pipe would wait for somebody to write to it.
    if (!found.isFile()) return { addon: null, reason: `${file} is no file` };
    if (isCutOff(readFileSync(file))) return { addon: null, reason: `${file} is cut off: npm run build:native` };
    const addon = createRequire(import.meta.url)(file) as NativeAddon;
    return CALLS.every((name) => typeof addon[name] === 'function')
      ? { addon }
      : { addon: null, reason: `${file} is another addon: npm run build:native` };
  } catch (error) {
    return { addon: null, reason: messageOf(error) };
  }
}

/**
 * The tile kernels of a level over a memory, which must be shared: such a memory never moves. Levels differ in speed only, and the most special one need not be the
 * fastest: for bf16 AMD's processors do twice as much with its instruction as with fused multiply-add, Intel's half as much.
 */
export function openNativeTiles(memory: KernelMemory, level: NativeLevel, file = ADDON_FILE): NativeTiles {
  const loaded = loadNativeAddon(file);
  if (loaded.addon === null) return { tiles: null, reason: loaded.reason };
  const { addon } = loaded;
  try {
    if (!(memory.buffer instanceof SharedArrayBuffer)) return { tiles: null, reason: 'the memory is not shared' };
    const bytes = new Uint8Array(memory.buffer);
    const [plain, fused] = [false, true].map((isFused) =>
      openKernel(addon, bytes, addon.open(bytes, level, isFused), exactnessOf(level, isFused)),
    );
    return { tiles: { path: `${NATIVE}${level}`, plain, fused } };
  } catch (error) {
    return { tiles: null, reason: messageOf(error) };
  }
}

/** Rounding once instead of twice is no difference while products are exact; the instruction for bf16 also takes subnormal numbers for zero. */
function exactnessOf(level: NativeLevel, fused: boolean): Exactness | null {
  if (!fused) return null;
  return level === 'avx512-bf16'
    ? { leastExponentSum: -126 + 14, flushesSubnormals: true }
    : { leastExponentSum: -149 + 14, flushesSubnormals: false };
}

/** The addon itself refuses what would reach outside the memory. It knows the address alone, so whoever has the kernel has to keep the memory. */
function openKernel(addon: NativeAddon, memory: Uint8Array, { kernel, ...shape }: Opened, exactness: Exactness | null): TileKernel {
  const opened = { kernel, memory };
  const packSide =
    (isRight: number): TileKernel['packLeft'] =>
    ({ offset, lineBytes, depthBytes, dtype }, lines, depth, target) =>
      addon.pack(opened.kernel, isRight, offset, lineBytes, depthBytes, dtype === 'bf16' ? 1 : 0, lines, depth, target);
  return {
    ...shape,
    exactness,
    packLeft: packSide(0),
    packRight: packSide(1),
    tiles: (left, right, c, depth, cRowBytes, rowPanels, columnPanels, addsToTarget) =>
      addon.tiles(opened.kernel, left, right, c, depth, cRowBytes, rowPanels, columnPanels, addsToTarget ? 1 : 0),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

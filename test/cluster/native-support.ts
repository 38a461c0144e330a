/** What tests of the native addon share: it is built by `npm run build:native`, and where it is not, they are skipped. */
import { loadNativeAddon, type NativeAddon, type NativeLevel, openNativeTiles } from '../../src/cluster/native-tiles.ts';
import type { KernelMemory, OtherTiles } from '../../src/kernels/index.ts';

const loaded = loadNativeAddon();
const found = loaded.addon?.levels() ?? [];

export const nativeIsThere = found.length > 0;

if (!nativeIsThere)
  console.warn(`tests of native kernels are skipped: ${loaded.addon === null ? loaded.reason : 'this processor has no AVX2'}`);

/** Those that this processor has; where tests are skipped, one that they do not open. */
export const nativeLevels: readonly NativeLevel[] = nativeIsThere ? found : ['avx2'];

export function builtAddon(): NativeAddon {
  if (loaded.addon === null) throw new Error(loaded.reason);
  return loaded.addon;
}

export function nativeTiles(memory: KernelMemory, level: NativeLevel): OtherTiles {
  const opened = openNativeTiles(memory, level);
  if (opened.tiles === null) throw new Error(opened.reason);
  return opened.tiles;
}

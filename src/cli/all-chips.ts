import type { Chip } from '../hardware/index.ts';
import { chipNames, findChip } from '../intake/index.ts';

/** Every chip of the package, by name. */
export function allChips(): Record<string, Chip> {
  return Object.fromEntries(
    chipNames().flatMap((name) => {
      const found = findChip(name, '');
      return 'chip' in found ? [[name, found.chip]] : [];
    }),
  );
}

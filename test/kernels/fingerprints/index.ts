/**
 * The bits of everything that must have the same bits in every engine, by name. Runs in a browser too: no Node here, nor in what this imports.
 */
import { attentionOutputs } from './attention.ts';
import { endOutputs } from './ends.ts';
import { numberPrints } from './numbers.ts';
import { type Prints, printsInEveryArithmetic } from './print.ts';
import { routerPrints } from './routers.ts';
import { switchOutputs } from './switch-layer.ts';
import { tablePrints } from './tables.ts';

/** One file of stored fingerprints each. */
export interface Fingerprints {
  readonly numbers: Prints;
  readonly tables: Prints;
  readonly reference: Prints;
  readonly routers: Prints;
}

export function computeFingerprints(): Fingerprints {
  return { numbers: numberPrints(), tables: tablePrints(), reference: referencePrints(), routers: routerPrints() };
}

/** Keyed by the function's name. */
function referencePrints(): Prints {
  return printsInEveryArithmetic((numerics) => ({ ...attentionOutputs(numerics), ...switchOutputs(numerics), ...endOutputs(numerics) }));
}

import { OPTIMIZER_NAMES } from '../layout/index.ts';
import type { MeshAxis } from './scenario.ts';

/** What the program can express today; anything else that a scenario can say is refused with E_NOT_MODELLED (see `intake/not-modelled.ts`). */
export const MODELLED = {
  /** Mesh axes that may be larger than 1. */
  axes: ['data'] as readonly MeshAxis[],
  expertsOver: ['data', 'none'] as readonly string[],
  slices: 1,
  optimizers: OPTIMIZER_NAMES as readonly string[],
  remat: ['none', 'full'] as readonly string[],
};

import type { Registry } from '../../../base/index.ts';
import { adafactor } from './adafactor.ts';
import { adafactorUnfactored } from './adafactor-unfactored.ts';
import { adamw } from './adamw.ts';
import type { ReferenceOptimizer } from './optimizer.ts';
import { sgd } from './sgd.ts';

export { type AdafactorSettings, adafactor, adafactorSettings, freshShare, relativeStepSize } from './adafactor.ts';
export { adafactorUnfactored } from './adafactor-unfactored.ts';
export { type AdamWSettings, adamw } from './adamw.ts';
export type { OptimizerState, OptimizerStep, OptimizerTensors, ReferenceOptimizer, WeightShape } from './optimizer.ts';
export { type SgdSettings, sgd } from './sgd.ts';

/** Update rules with their usual settings, by the name of their file, which is also that of the memory rule in `layout/optimizers`. */
export const REFERENCE_OPTIMIZERS = { adafactor, 'adafactor-unfactored': adafactorUnfactored, adamw, sgd } as const satisfies Registry<
  () => ReferenceOptimizer
>;

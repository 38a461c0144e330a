import type { Registry } from '../base/index.ts';
import type { NetworkModel } from './model.ts';
import { fluid } from './models/fluid.ts';
import { hop } from './models/hop.ts';
import { ideal } from './models/ideal.ts';

/** Key = file name in `models/`; each is the oracle of the one before it. */
export const MODELS = { ideal, fluid, hop } as const satisfies Registry<NetworkModel>;

export type NetworkKind = keyof typeof MODELS;

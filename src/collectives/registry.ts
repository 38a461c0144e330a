import type { Registry } from '../base/index.ts';
import { allGather } from './kinds/all-gather.ts';
import { allReduce } from './kinds/all-reduce.ts';
import { allToAll } from './kinds/all-to-all.ts';
import { broadcast } from './kinds/broadcast.ts';
import { permute } from './kinds/permute.ts';
import { reduceScatter } from './kinds/reduce-scatter.ts';
import type { Collective } from './plan.ts';

/** Key = file name in `kinds/`. */
export const COLLECTIVES = {
  'all-reduce': allReduce,
  'reduce-scatter': reduceScatter,
  'all-gather': allGather,
  'all-to-all': allToAll,
  broadcast,
  permute,
} as const satisfies Registry<Collective>;

export type CollectiveKind = keyof typeof COLLECTIVES;

import type { Registry } from '../../base/index.ts';
import type { NamedLoad } from '../named-load.ts';
import { balanced } from './balanced.ts';
import { burst } from './burst.ts';
import { hotExpert } from './hot-expert.ts';
import { hotRank } from './hot-rank.ts';
import { rotating } from './rotating.ts';
import { sourceRagged } from './source-ragged.ts';
import { spreadHot } from './spread-hot.ts';
import { zeroTokenRank } from './zero-token-rank.ts';

/** Imbalance by name: values of a scenario's `load.kind`, beside `measured`, `uniform`, `zipf` and `trace`. */
export const NAMED_LOADS = {
  balanced,
  'hot-expert': hotExpert,
  'hot-rank': hotRank,
  'spread-hot': spreadHot,
  'source-ragged': sourceRagged,
  'zero-token-rank': zeroTokenRank,
  rotating,
  burst,
} as const satisfies Registry<NamedLoad>;

export type NamedLoadKind = keyof typeof NAMED_LOADS;

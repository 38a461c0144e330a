import type { Registry } from '../../base/index.ts';
import type { CapacityRule } from '../capacity-rule.ts';
import { deepspeed } from './deepspeed.ts';
import { flaxformer } from './flaxformer.ts';
import { gshard } from './gshard.ts';
import { huggingface } from './huggingface.ts';
import { lingvo } from './lingvo.ts';
import { maxtext } from './maxtext.ts';
import { megablocks } from './megablocks.ts';
import { meshTf } from './mesh-tf.ts';
import { tutel } from './tutel.ts';
import { vMoe } from './v-moe.ts';
import { vMoeRound } from './v-moe-round.ts';

/** Capacity rules by the name of their file: the values of a scenario's `routing.capacityRule`. */
export const CAPACITY_RULES: Registry<CapacityRule> = {
  'mesh-tf': meshTf,
  flaxformer,
  lingvo,
  gshard,
  'v-moe': vMoe,
  'v-moe-round': vMoeRound,
  deepspeed,
  tutel,
  megablocks,
  maxtext,
  huggingface,
};

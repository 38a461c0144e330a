import type { Registry } from '../../base/index.ts';
import type { CapacityRule } from '../capacity-rule.ts';
import { deepspeed } from './deepspeed.ts';
import { flaxformer } from './flaxformer.ts';
import { lingvo } from './lingvo.ts';
import { maxtext } from './maxtext.ts';
import { megablocks } from './megablocks.ts';
import { meshTf } from './mesh-tf.ts';
import { tutel } from './tutel.ts';
import { vMoe } from './v-moe.ts';

/** Capacity rules by the name of their file: the values of a scenario's `routing.capacityRule`. */
export const CAPACITY_RULES: Registry<CapacityRule> = {
  'mesh-tf': meshTf,
  flaxformer,
  lingvo,
  'v-moe': vMoe,
  deepspeed,
  tutel,
  megablocks,
  maxtext,
};

import type { Registry } from '../../base/index.ts';
import type { GroupRule } from '../group-rule.ts';
import { device } from './device.ts';
import { flaxformer } from './flaxformer.ts';
import { meshTf } from './mesh-tf.ts';
import { sequence } from './sequence.ts';

/** Group rules by the name of their file: the values of a scenario's `routing.groupRule`. */
export const GROUP_RULES: Registry<GroupRule> = {
  'mesh-tf': meshTf,
  flaxformer,
  sequence,
  device,
};

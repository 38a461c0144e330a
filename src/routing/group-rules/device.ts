import type { GroupRule } from '../group-rule.ts';

/** The tokens of a device are one group: every rank counts for itself. */
export const device: GroupRule = {
  title: 'one group per device',
  formula: 'groups = devices that hold tokens',
  source: 'deepspeedai/DeepSpeed deepspeed/moe/sharded_moe.py (MOELayer.forward routes the local tokens)',
  readsGroupTokens: false,
  split: ({ tokens, devices }) => ({ groups: devices, groupTokens: tokens / devices }),
};

import type { ReadVectors } from '../case.ts';
import { bf16 } from './bf16.ts';
import { bf16Dot } from './bf16-dot.ts';
import { capacityRules } from './capacity-rules.ts';
import { collectives } from './collectives.ts';
import { expectedDrop } from './expected-drop.ts';
import { expertChoice } from './expert-choice.ts';
import { flopsParams } from './flops-params.ts';
import { groups } from './groups.ts';
import { hfSwitchPerSequence } from './hf-switch-per-sequence.ts';
import { lossFreeBias } from './loss-free-bias.ts';
import { noTokenLeftBehind } from './no-token-left-behind.ts';
import { switchLayerFwdBwd } from './switch-layer-fwd-bwd.ts';
import { switchTop1 } from './switch-top1.ts';
import { top2 } from './top2.ts';
import { topkVariants } from './topk-variants.ts';

/** Readers of vector files, by the name of the file. */
export const VECTOR_FILES: Readonly<Record<string, ReadVectors>> = {
  'bf16.json': bf16,
  'bf16_dot.json': bf16Dot,
  'capacity_rules.json': capacityRules,
  'collectives.json': collectives,
  'expected_drop.json': expectedDrop,
  'expert_choice.json': expertChoice,
  'flops_params.json': flopsParams,
  'groups.json': groups,
  'hf_switch_per_sequence.json': hfSwitchPerSequence,
  'loss_free_bias.json': lossFreeBias,
  'no_token_left_behind.json': noTokenLeftBehind,
  'switch_layer_fwd_bwd.json': switchLayerFwdBwd,
  'switch_top1.json': switchTop1,
  'top2.json': top2,
  'topk_variants.json': topkVariants,
};

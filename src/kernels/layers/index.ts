/** Whole layers on the memory of a kernel table: the reference layers bit for bit, as steps of phases that threads can share. */
export { openAttentionStep } from './attention.ts';
export { openAttentionLayerStep } from './attention-layer.ts';
export { type AttentionLayerPlan, type AttentionLayerStepOptions, planAttentionLayer } from './attention-layer-plan.ts';
export { type AttentionPlan, type AttentionStepOptions, planAttention } from './attention-plan.ts';
export { type GroupedItem, type GroupedShape, groupedItems, mostGroupedItems } from './grouped-gemm.ts';
export { planLanes } from './lanes.ts';
export { regionOfCall } from './matrices.ts';
export { openSwitchLayerStep } from './switch-layer.ts';
export { planSwitchLayer, type SwitchLayerPlan, type SwitchStepOptions } from './switch-plan.ts';
export { type Draw, registeredAssignment } from './switch-routing.ts';

/**
 * Whole layers on the memory of a kernel table: the reference layers bit for bit, as steps of phases that threads can share; and what phases are made of, for those who lay
 * layers over several cores.
 */
export { attentionPhases, openAttentionStep } from './attention.ts';
export { attentionBackwardPhases } from './attention-backward.ts';
export { openAttentionLayerStep } from './attention-layer.ts';
export { type AttentionLayerPlan, type AttentionLayerStepOptions, planAttentionLayer } from './attention-layer-plan.ts';
export { type AttentionPlan, type AttentionStepOptions, planAttention } from './attention-plan.ts';
export { type GroupedItem, type GroupedShape, groupedItems, mostGroupedItems } from './grouped-gemm.ts';
export { planLanes } from './lanes.ts';
export { listFrom, matrixAt, regionOfCall, rowsOf } from './matrices.ts';
export { chunked, grouped, type Phase, ROWS_PER_ITEM, stepOf, together } from './phases.ts';
export { forwards, type Product, towardsInput, towardsWeights } from './products.ts';
export { openSwitchLayerStep } from './switch-layer.ts';
export { planSwitchLayer, type SwitchLayerPlan, type SwitchStepOptions } from './switch-plan.ts';
export { type Draw, registeredAssignment } from './switch-routing.ts';

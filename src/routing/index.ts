/**
 * Routing: tokens to experts. A router (`routers/`, one file per algorithm) gives each token of a group its experts, slots and weights; a capacity rule
 * (`capacity-rules/`, one file per implementation) says how many slots an expert has per group; `splitIntoGroups` cuts a layer's tokens
 * into groups. The rest counts: choices, drops, balance, and the exact expectation for uniform choices. Everything is a pure function on typed arrays;
 * random numbers are passed in.
 */
export { type Assignment, createAssignment } from './assignment.ts';
export { type CapacityInput, type CapacityRule, pythonRound } from './capacity-rule.ts';
export { CAPACITY_RULES } from './capacity-rules/index.ts';
export { createRouter, routerOrNull } from './create-router.ts';
export { DISPATCH_NAMES, type DispatchName } from './dispatch-names.ts';
export { expectedDroppedTokenFraction } from './expected-drop.ts';
export { GROUP_RULES } from './group-rules/index.ts';
export { type Groups, isIssue, splitIntoGroups } from './groups.ts';
export { addProbabilitySums, balanceLoss } from './load-balance.ts';
export type { LoadPlace, LoadSizes, NamedLoad } from './named-load.ts';
export { NAMED_LOADS, type NamedLoadKind } from './named-loads/index.ts';
export {
  type OptionMisfit,
  type OptionSpec,
  type OptionSpecs,
  type OptionValue,
  type OptionValues,
  optionIssues,
  resolveOptions,
} from './options.ts';
export { assignRecorded, type RecordedInput } from './recorded.ts';
export type { Router, RouterEntry, RouterGradient, RouterInput, RouterRead, RouterSizes } from './router.ts';
export { ROUTERS } from './routers/index.ts';
export { type RoutingChoice, routingSizes } from './routing-sizes.ts';
export { type SinkhornOptions, type SinkhornPlan, sinkhornPlan } from './sinkhorn.ts';
export { countAssignment, maxOverMean, relativeEntropy } from './statistics.ts';
export { updateBias } from './update-bias.ts';

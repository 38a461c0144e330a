/**
 * Scenario: one experiment with every default filled in, and the load that routing put on it. Plain types, defaults, the rules and warnings
 * across fields, and what every error code means; reading files is the work of intake/.
 */
export { exitCodeOf, ISSUE_CODES } from './codes.ts';
export {
  CLUSTERING_STRENGTHS,
  CLUSTERS,
  defaultExpertDropout,
  defaultLearningRate,
  SCENARIO_DEFAULTS,
  type SoftwareDefaults,
  softwareDefaults,
} from './defaults.ts';
export { chooseSample, type EmulateChoice, type EmulateWish } from './emulate-budget.ts';
export { expertLayersOf } from './expert-layers.ts';
export type { IssueCode } from './issue-code.ts';
export * from './load.ts';
export { resolveMesh, type StatedAxes, type StatedMesh } from './mesh.ts';
export type { RuleInput, ScenarioRule, ScenarioWarning } from './rule.ts';
export { checkScenario } from './rules.ts';
export { learningIssues } from './rules-learning.ts';
export { sliceName } from './rules-topology.ts';
export * from './scenario.ts';
export { type StackGroups, splitTokens, stackGroups } from './stack-groups.ts';
export { partsPerSequence, stackLengths, stackTokens, tokenHolders, tokenPlaces } from './stack-lengths.ts';
export { STEP_WORDS } from './step-words.ts';
export { type Stated, scenarioWarnings } from './warnings.ts';

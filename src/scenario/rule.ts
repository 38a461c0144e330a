import type { Issue } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import type { Scenario } from './scenario.ts';

/** What a rule may look at: the resolved scenario and the chip that it names. */
export interface RuleInput {
  readonly scenario: Scenario;
  readonly chip: Chip;
  /** Devices of all slices. */
  readonly devices: number;
}

/** A condition across several keys. Pure; looks only at the keys that it names in `reads`, so that it can be skipped when one of them is already wrong. */
export interface ScenarioRule {
  /** Dotted paths; a prefix stands for everything below it. */
  readonly reads: readonly string[];
  readonly check: (input: RuleInput) => Issue[];
}

/** A remark that stands in the result. */
export interface ScenarioWarning {
  readonly code: string;
  readonly message: string;
}

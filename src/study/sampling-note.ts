import { droppedTokenShare } from '../emulate/index.ts';
import type { SamplingNote } from '../result/index.ts';
import { type Load, type Scenario, stackGroups } from '../scenario/index.ts';

/** How much of the step the load stands for, whether a sample was asked for or no more was recorded. */
export function samplingNote(scenario: Scenario, load: Load | null): SamplingNote {
  if (load === null) return { routedLayers: 0, totalLayers: 0, routedTokens: 0, totalTokens: 0, standardError: 0 };
  const { standardError } = droppedTokenShare(load);
  return {
    routedLayers: load.layers.length,
    totalLayers: load.totalLayers,
    routedTokens: load.layers.reduce((sum, layer) => sum + layer.groups * layer.groupTokens, 0),
    totalTokens: stackGroups(scenario).stacks.reduce((sum, stack) => sum + stack.tokens * stack.layers.length, 0),
    standardError: Number.isNaN(standardError) ? null : standardError,
  };
}
/** Whether layers or tokens are missing. */
export function isSample({ routedLayers, totalLayers, routedTokens, totalTokens }: SamplingNote): boolean {
  return routedLayers < totalLayers || routedTokens < totalTokens;
}

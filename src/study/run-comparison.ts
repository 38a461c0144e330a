import { droppedTokenShare } from '../emulate/index.ts';
import { type Comparison, compareResults, groupWarnings, type VariantRun, variantTitle } from '../result/index.ts';
import type { Load, Scenario } from '../scenario/index.ts';
import { stepBreakdown } from './breakdown.ts';
import { ownVariant } from './emulation-request.ts';
import { choicesPerToken, meanMaxOverMean } from './expert-rows.ts';
import { loadsOfVariants } from './loads.ts';
import { metricValues } from './metric-values.ts';
import { resultWarnings } from './result-warnings.ts';
import { provenanceOf, type StudyInput, simulateStep } from './run-study.ts';
import { shownDevice } from './shown-device.ts';

/** A scenario that differs from the first one in the named keys only. */
export interface VariedScenario {
  readonly vary: Readonly<Record<string, unknown>>;
  readonly scenario: Scenario;
}

export interface ComparisonStudy extends Omit<StudyInput, 'scenario' | 'published'> {
  readonly name: string;
  readonly question: string;
  /** The first is the baseline. */
  readonly variants: readonly VariedScenario[];
  /** Number of seeds for what depends on the draw: the scenario's own and those that follow it. */
  readonly seeds: number;
}

/**
 * Runs all variants. The router's scores are computed once per seed and shared by every router and capacity factor; the step of each variant is
 * simulated once: with slots it does not depend on the draw, and without (dropless dispatch) it has the load of the first seed.
 */
export async function runComparison(input: ComparisonStudy): Promise<Comparison> {
  const { variants, chip, onProgress, pause = async () => {} } = input;
  const startedAt = input.clock();
  const base = variants[0].scenario;
  const seeds = Array.from({ length: input.seeds }, (_, index) => base.seed + index);
  const loadsBySeed: (Load | null)[][] = [];
  for (const [index, seed] of seeds.entries()) {
    loadsBySeed.push(await sharedLoads(input, seed, (done, total) => onProgress?.(`seed ${index + 1} of ${seeds.length}`, done, total)));
  }
  const runs: VariantRun[] = [];
  for (const [row, { vary, scenario }] of variants.entries()) {
    await pause();
    const load = loadsBySeed[0][row];
    const simulated = simulateStep(scenario, chip, load);
    const metrics = metricValues({ scenario, chip, load, ...simulated });
    const breakdown = stepBreakdown(simulated.program, simulated.trace, shownDevice(simulated.trace));
    runs.push({ vary, scenario, metrics, breakdown, drawn: loadsBySeed.map((loads) => drawnMetrics(loads[row])) });
  }
  const provenance = provenanceOf(input, startedAt);
  const shown = runs.map(({ vary, scenario, metrics }, row) => ({
    name: variantTitle(vary),
    warnings: resultWarnings(scenario, metrics, loadsBySeed[0][row]),
  }));
  const warnings = [...input.warnings, ...groupWarnings(shown)];
  return compareResults({ name: input.name, question: input.question, runs, seeds, warnings: uniqueWarnings(warnings), provenance });
}

/** One load per variant; variants with the same tokens, experts and seed share one emulation. */
async function sharedLoads(
  { variants, executor, pause }: ComparisonStudy,
  seed: number,
  onProgress: (done: number, total: number) => void,
): Promise<(Load | null)[]> {
  const loads: (Load | null)[] = variants.map(() => null);
  const groups = new Map<string, number[]>();
  for (const [row, { scenario }] of variants.entries()) {
    if (scenario.model.moe === null) continue;
    const key = JSON.stringify(routingInputs(scenario));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  for (const rows of groups.values()) {
    const own = rows.map((row) => ownVariant(variants[row].scenario));
    const routed = await loadsOfVariants(variants[rows[0]].scenario, seed, own, executor, onProgress, pause);
    for (const [index, row] of rows.entries()) loads[row] = routed[index];
  }
  return loads;
}

/** Everything that the router's scores depend on. */
function routingInputs({ model, layout, workload, precision, load, emulate: sample, routing }: Scenario): unknown {
  const { groupRule, groupTokens, groupsMultipleOf } = routing;
  return { model, layout, workload, precision, load, sample, groupRule, groupTokens, groupsMultipleOf };
}

function drawnMetrics(load: Load | null): VariantRun['drawn'][number] {
  if (load === null) return { droppedTokenFraction: 0, maxOverMeanExpertLoad: 1, choicesPerToken: 0 };
  return {
    droppedTokenFraction: droppedTokenShare(load).value,
    maxOverMeanExpertLoad: meanMaxOverMean(load),
    choicesPerToken: choicesPerToken(load),
  };
}

function uniqueWarnings<T extends { readonly message: string }>(warnings: readonly T[]): T[] {
  return [...new Map(warnings.map((warning) => [warning.message, warning])).values()];
}

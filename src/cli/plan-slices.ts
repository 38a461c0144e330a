import { EXIT, type ExitCode } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import { findSlice, loadScenario, parseLayoutOption, sliceFileNames } from '../intake/index.ts';
import { powerOfTwoSlices, rankSlices, type SliceCandidate } from '../plan/index.ts';
import type { Scenario } from '../scenario/index.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { planText } from './plan-text.ts';
import { warningLines } from './print-issues.ts';
import { printable } from './printable.ts';

/** Ranks the slices of the scenario's chip; without a feasible one the exit code says so. */
export async function planSlices(
  { io }: CommandContext,
  { json, quiet }: CommonOptions,
  file: string,
  { budgetTokens, layout }: { readonly budgetTokens?: number; readonly layout?: string },
): Promise<ExitCode> {
  const { scenario, chip, variants } = loadScenario(file, { layout: layout === undefined ? undefined : parseLayoutOption(layout) });
  if (!quiet && variants.length > 0) {
    const message = 'Only the base values are planned; switchyard compare runs the variations under vary.';
    io.err(warningLines([{ code: 'W_VARY_IGNORED', message }], io.paint));
  }
  const plan = rankSlices({ scenario, chip, candidates: candidatesOf(scenario, chip), budgetTokens: budgetTokens ?? null });
  io.out(json ? `${JSON.stringify({ scenario: scenario.name, ...plan }, null, 2)}\n` : planText(scenario, plan));
  if (plan.ranked.length > 0) return EXIT.done;
  io.err(`${io.paint('red', 'infeasible:')} ${printable(scenario.name)} fits on none of ${plan.rejected.length} slices of ${chip.name}\n`);
  return EXIT.infeasible;
}

/** The scenario's own slice, the named slices of its chip, and the default shapes. */
function candidatesOf({ topology }: Scenario, chip: Chip): SliceCandidate[] {
  const named = sliceFileNames().flatMap((name): SliceCandidate[] => {
    const slice = findSlice(name);
    return slice?.chip === chip.name ? [{ shape: slice.shape }] : [];
  });
  return [{ shape: topology.shape }, ...named, ...powerOfTwoSlices(chip)];
}

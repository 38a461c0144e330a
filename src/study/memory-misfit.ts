import { closedForm } from '../analytic/index.ts';
import { type Bytes, EXIT, gibibytes, InputError, type Issue } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import type { Scenario } from '../scenario/index.ts';
import { type MemoryRemedy, memoryRemedies } from './memory-remedies.ts';

/** A step that needs more memory than a device has: what takes most of it, and what would make it smaller. */
export interface MemoryMisfit {
  readonly needBytes: Bytes;
  readonly capacityBytes: Bytes;
  /** Largest first. */
  readonly largest: readonly { readonly name: string; readonly bytes: Bytes }[];
  /** Those that fit first, cheapest first. */
  readonly remedies: readonly MemoryRemedy[];
}

/** The closed form and the peak of live ranges agree within this share; a step that is nearer to the capacity is run to know. */
const AGREEMENT = 0.02;
const NAMED_PARTS = 3;
const NAMED_REMEDIES = 4;

/** Known without running anything; null where the step fits, or may. */
export function memoryMisfit(scenario: Scenario, chip: Chip): MemoryMisfit | null {
  const { capacityBytes, peakBytes, parts } = closedForm(scenario, chip).memory;
  if (peakBytes <= capacityBytes * (1 + AGREEMENT)) return null;
  const tried = memoryRemedies(scenario, chip, capacityBytes, (changed) => closedForm(changed, chip).memory.peakBytes);
  const fitting = tried.filter(({ needBytes }) => needBytes <= capacityBytes);
  const smaller = tried.filter(({ needBytes }) => needBytes < peakBytes).sort((a, b) => a.needBytes - b.needBytes);
  const remedies = (fitting.length > 0 ? fitting : smaller).slice(0, NAMED_REMEDIES);
  return { needBytes: peakBytes, capacityBytes, largest: parts.slice(0, NAMED_PARTS), remedies };
}

/** Refuses a step that does not fit, unless the scenario says to run it all the same. */
export function throwIfMisfit(scenario: Scenario, chip: Chip): void {
  const misfit = scenario.ignoreMemory ? null : memoryMisfit(scenario, chip);
  if (misfit !== null) throw new InputError([misfitIssue(scenario, misfit)], EXIT.infeasible);
}

export function misfitIssue(scenario: Scenario, misfit: MemoryMisfit): Issue {
  return {
    code: 'E_MEMORY',
    path: 'layout',
    value: `${scenario.model.name} needs ${gibibytes(misfit.needBytes)} on a device that has ${gibibytes(misfit.capacityBytes)}`,
    rule: `the most is in ${largestWords(misfit)}`,
    remedy: `${remedyWords(misfit)}; or run it all the same by --ignore-memory (ignoreMemory: true)`,
  };
}

/** In one sentence. */
export function misfitReason(misfit: MemoryMisfit): string {
  return `The step needs ${gibibytes(misfit.needBytes)} on a device that has ${gibibytes(misfit.capacityBytes)}, the most in ${largestWords(misfit)}; ${remedyWords(misfit)}.`;
}

function largestWords({ largest }: MemoryMisfit): string {
  return largest.map(({ name, bytes }) => `${name} ${gibibytes(bytes)}`).join(', ');
}

function remedyWords({ remedies, capacityBytes }: MemoryMisfit): string {
  if (remedies.length === 0) return 'no single change that was tried makes it smaller';
  const words = remedies.map(({ change, needBytes }) => `${change} (${gibibytes(needBytes)})`);
  // One of them is enough.
  return remedies[0].needBytes <= capacityBytes
    ? `use ${words.join(' or ')}`
    : `nothing that was tried fits; nearest are ${words.join(', ')}`;
}

import { gibibytes } from '../base/index.ts';
import { type Metric, metricValue, type Warning } from '../result/index.ts';
import type { Load, Scenario } from '../scenario/index.ts';

/** Above this share of dropped tokens a run is legal but not what anybody trains with. */
const HIGH_DROP_RATE = 0.2;

/** What only the finished run shows. */
export function resultWarnings(scenario: Scenario, metrics: readonly Metric[], load: Load | null): Warning[] {
  return [...memoryWarning(scenario, metrics), ...dropWarning(metrics), ...choicesWarning(load), ...verificationWarnings(scenario, load)];
}

/** Whether the step needs more memory than a device has; the command line exits with `infeasible`. */
export function doesNotFit(metrics: readonly Metric[]): boolean {
  return (metricValue(metrics, 'hbmPeakBytes') ?? 0) > (metricValue(metrics, 'hbmCapacityBytes') ?? Number.POSITIVE_INFINITY);
}

function memoryWarning({ workload }: Scenario, metrics: readonly Metric[]): Warning[] {
  if (!doesNotFit(metrics)) return [];
  const bytes = (name: 'hbmPeakBytes' | 'hbmCapacityBytes'): string => gibibytes(metricValue(metrics, name) ?? 0);
  const remedy = workload.remat === 'none' ? 'set workload.remat: full,' : 'shorten the sequences,';
  return [
    {
      code: 'W_DOES_NOT_FIT',
      message: `The step needs ${bytes('hbmPeakBytes')} on a device that has ${bytes('hbmCapacityBytes')}; ${remedy} or use fewer sequences or more chips.`,
    },
  ];
}

function dropWarning(metrics: readonly Metric[]): Warning[] {
  const dropped = metricValue(metrics, 'droppedTokenFraction') ?? 0;
  if (dropped <= HIGH_DROP_RATE) return [];
  return [
    {
      code: 'W_DROP_RATE',
      message: `${(dropped * 100).toFixed(1)} % of the tokens are dropped; raise routing.capacityFactor or routing.groupTokens, or look at the load.`,
    },
  ];
}

/** A token that loses one of two choices is not dropped, but its second expert was paid for in vain. */
function choicesWarning(load: Load | null): Warning[] {
  if (load === null || load.layers.every(({ topK }) => topK === 1)) return [];
  const total = (counts: (layer: Load['layers'][number]) => Float64Array): number =>
    load.layers.reduce((sum, layer) => counts(layer).reduce((ofLayer, count) => ofLayer + count, sum), 0);
  const lost = 1 - total((layer) => layer.kept) / total((layer) => layer.requested);
  if (lost <= HIGH_DROP_RATE) return [];
  return [
    {
      code: 'W_CHOICES_LOST',
      message: `${(lost * 100).toFixed(1)} % of the choices of ${load.router} at capacity factor ${load.capacityFactor} found no slot, though few tokens lost all of theirs: capacity rules that ignore the number of choices leave a second expert little room.`,
    },
  ];
}

function verificationWarnings(scenario: Scenario, load: Load | null): Warning[] {
  const verification = load?.verification ?? null;
  if (verification === null) return [];
  const { tokensShare, comparedValues, differingValues } = verification;
  const warnings: Warning[] = [];
  if (tokensShare < scenario.emulate.verifyShare) {
    warnings.push({
      code: 'W_VERIFIED_LESS',
      message: `${(tokensShare * 100).toFixed(2)} % of the tokens were compared with the oracle, less than emulate.verifyShare asks for.`,
    });
  }
  if (differingValues > 0) {
    warnings.push({
      code: 'W_KERNELS_DIFFER',
      message: `${differingValues} of ${comparedValues} values of the expert feed-forward differ from the oracle: do not trust this machine's kernels.`,
    });
  }
  return warnings;
}

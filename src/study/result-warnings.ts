import { type Metric, metricValue, type Warning } from '../result/index.ts';
import type { Load, Scenario } from '../scenario/index.ts';

/** Above this share of dropped tokens a run is legal but not what anybody trains with. */
const HIGH_DROP_RATE = 0.2;

/** What only the finished run shows. */
export function resultWarnings(scenario: Scenario, metrics: readonly Metric[], load: Load | null): Warning[] {
  return [...memoryWarning(metrics), ...dropWarning(metrics), ...verificationWarnings(scenario, load)];
}

/** Whether the step needs more memory than a device has; the command line exits with `infeasible`. */
export function doesNotFit(metrics: readonly Metric[]): boolean {
  return (metricValue(metrics, 'hbmPeakBytes') ?? 0) > (metricValue(metrics, 'hbmCapacityBytes') ?? Number.POSITIVE_INFINITY);
}

function memoryWarning(metrics: readonly Metric[]): Warning[] {
  if (!doesNotFit(metrics)) return [];
  const gib = (name: 'hbmPeakBytes' | 'hbmCapacityBytes'): string => ((metricValue(metrics, name) ?? 0) / 2 ** 30).toFixed(1);
  return [
    {
      code: 'W_DOES_NOT_FIT',
      message: `The step needs ${gib('hbmPeakBytes')} GiB on a device that has ${gib('hbmCapacityBytes')} GiB; set workload.remat: full, or use fewer sequences or more chips.`,
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

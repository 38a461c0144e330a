import { type ExpertLoadRow, formatNumber, formatShare, type Result } from '../../result/index.ts';
import type { BarsView, ChartSpec } from '../chart-spec.ts';

const WITH_SLOTS =
  'Choices per expert over all routed groups of one Switch layer. Orange choices found no slot and were dropped. The dashed line is the number of slots that one expert has over all groups; because capacity holds per group, an expert drops tokens before its total reaches the line.';
const WITHOUT_SLOTS =
  'Choices per expert over all routed groups of one Switch layer. Dropless dispatch has no slots: every choice is computed, and the device with the highest bars is the one that the others wait for.';

const KEPT = { label: 'Kept', unit: '' };
const DROPPED = { label: 'Dropped', unit: '' };

/** What each expert of a Switch layer was asked to do, and how much of it found a slot. */
export function expertLoad(result: Result): ChartSpec | null {
  const layers = result.detail.expertLoads;
  if (layers.length === 0) return null;
  return {
    id: 'expert-load',
    title: 'Load of the experts',
    shows: result.scenario.routing.dispatch === 'dropless' ? WITHOUT_SLOTS : WITH_SLOTS,
    width: 'full',
    choose: 'Layer',
    views: layers.map((layer) => view(layer, result.scenario.routing.dispatch !== 'dropless')),
  };
}

function view(layer: ExpertLoadRow, hasSlots: boolean): BarsView {
  const rows = layer.requested.map((requested, expert) => {
    const kept = layer.kept[expert] ?? 0;
    return hasSlots ? [`${expert}`, kept, requested - kept, requested] : [`${expert}`, requested];
  });
  return {
    kind: 'bars',
    label: layerName(layer),
    finding: finding(layer, hasSlots),
    table: {
      columns: [{ label: 'Expert', unit: '' }, ...(hasSlots ? [KEPT, DROPPED] : []), { label: 'Requested', unit: '' }],
      rows,
    },
    direction: 'vertical',
    stacked: true,
    category: 0,
    categoryAxis: 'Expert',
    valueAxis: { label: 'Choices', unit: '' },
    series: hasSlots
      ? [
          { column: 1, role: 'kept' },
          { column: 2, role: 'dropped' },
        ]
      : [{ column: 1, role: 'kept' }],
    references: hasSlots ? [{ label: `${formatNumber(layer.slotsPerExpert)} slots per expert`, value: layer.slotsPerExpert }] : [],
    sortBy: hasSlots ? 3 : 1,
  };
}

function finding(layer: ExpertLoadRow, hasSlots: boolean): string {
  const sampled = layer.groups === layer.totalGroups ? `${layer.groups} groups` : `${layer.groups} of ${layer.totalGroups} groups`;
  const confidence = layer.routerConfidence === null ? '' : ` Mean router confidence ${formatNumber(layer.routerConfidence)}.`;
  const busiest = `the busiest expert has ${formatNumber(layer.maxOverMean)} times the mean load`;
  if (!hasSlots) return `Nothing is dropped, and ${busiest} (${sampled}).${confidence}`;
  return (
    `${formatShare(layer.droppedTokenFraction)} of the tokens are dropped; ${busiest} ` +
    `(capacity ${layer.expertCapacity} per expert and group of ${formatNumber(layer.groupTokens)} tokens, ${sampled}).${confidence}`
  );
}

function layerName(layer: { readonly stack: string; readonly layer: number }): string {
  return `${layer.stack} layer ${layer.layer}`;
}

/** What the router did, layer by layer, in numbers; the picture of the load stands among the charts. */
import { type ExpertLoadRow, formatNumber, formatShare, type Result } from '../../result/index.ts';
import { type Html, html } from '../html.ts';
import { section, table } from './markup.ts';

/** Null for a dense model. */
export function routing(result: Result, key: string): Html | null {
  const layers = result.detail.expertLoads;
  if (layers.length === 0) return null;
  const { router, dispatch } = result.scenario.routing;
  const columns = COLUMNS.filter(({ ofSlots }) => !(ofSlots && dispatch === 'dropless'));
  const rows = layers.map((layer) => [`${layer.stack} layer ${layer.layer}`, ...columns.map(({ cell }) => cell(layer))]);
  return section(
    `${key}-routing`,
    'Routing, layer by layer',
    html`<p>Over the groups that ${router} routed. Expert usage is the share of slots in which a token lies; load entropy is 1 when all experts are asked for equally often and 0 when one gets everything; confidence is the mean weight of the kept choices. Losses are not scaled; a dash stands where no scores were computed.</p>`,
    table('Routing of every routed Switch layer', ['Layer', ...columns.map(({ head }) => head)], rows),
  );
}

interface RoutingColumn {
  readonly head: string;
  /** Says nothing where there are no slots. */
  readonly ofSlots: boolean;
  readonly cell: (layer: ExpertLoadRow) => string;
}

const COLUMNS: readonly RoutingColumn[] = [
  { head: 'Dropped tokens', ofSlots: true, cell: (layer) => formatShare(layer.droppedTokenFraction) },
  { head: 'Expert usage', ofSlots: true, cell: (layer) => formatShare(layer.expertUsage) },
  { head: 'Max / mean load', ofSlots: false, cell: (layer) => formatNumber(layer.maxOverMean) },
  { head: 'Load entropy', ofSlots: false, cell: (layer) => formatNumber(layer.loadEntropy) },
  { head: 'Idle experts', ofSlots: false, cell: (layer) => `${layer.idleExperts} of ${layer.requested.length}` },
  { head: 'Confidence', ofSlots: false, cell: (layer) => numberOrDash(layer.routerConfidence) },
  { head: 'Auxiliary loss', ofSlots: false, cell: (layer) => numberOrDash(layer.auxiliaryLoss) },
  { head: 'z-loss', ofSlots: false, cell: (layer) => numberOrDash(layer.routerZLoss) },
];

function numberOrDash(value: number | null): string {
  return value === null ? '–' : formatNumber(value);
}

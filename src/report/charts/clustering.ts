import { type ClusteringRow, formatNumber, formatShare, type Result, shareInterval95 } from '../../result/index.ts';
import type { BarsView, ChartSpec } from '../chart-spec.ts';

/** Fedus, Zoph and Shazeer, "Switch Transformers", arXiv:2101.03961, section 2.2: dropped tokens are "typically < 1%" with a trained, balanced router. */
const PAPER_DROP_SHARE = 0.01;

/** How much the assumed clustering of the synthetic tokens decides about drops. */
export function clustering(result: Result): ChartSpec | null {
  const rows = result.detail.clusterings;
  if (rows.length === 0) return null;
  return {
    id: 'clustering',
    title: 'How much the synthetic tokens decide',
    shows:
      'An untrained router on synthetic tokens is an assumption, not a measurement of training: the more the tokens cluster, the more unequal the experts are loaded and the more tokens are dropped. Beside the simulated strengths stand the exact expectation for uniform routing and the share that the Switch paper reports from training (arXiv:2101.03961, section 2.2).',
    width: 'half',
    choose: 'Show',
    views: [drops(rows), imbalance(rows)],
  };
}

function drops(rows: readonly ClusteringRow[]): BarsView {
  return {
    kind: 'bars',
    label: 'Dropped tokens',
    finding: finding(rows),
    table: {
      columns: [
        { label: 'Tokens', unit: '' },
        { label: 'Dropped token fraction', unit: 'fraction' },
        { label: 'Lower end (95 %)', unit: 'fraction' },
        { label: 'Upper end (95 %)', unit: 'fraction' },
        { label: 'Clustering strength', unit: '' },
        { label: 'Routed tokens', unit: '' },
        { label: 'Layers', unit: '' },
      ],
      rows: rows.map((row) => [
        row.name,
        row.droppedTokenFraction,
        ...(row.standardError === null ? ['', ''] : shareInterval95(row.droppedTokenFraction, row.standardError)),
        row.strength ?? 'exact expectation',
        row.from === 'exact' ? '' : row.tokens,
        row.from === 'exact' ? '' : row.layers,
      ]),
    },
    direction: 'horizontal',
    stacked: false,
    category: 0,
    categoryAxis: 'Tokens',
    valueAxis: { label: 'Dropped token fraction', unit: 'fraction' },
    series: [{ column: 1, role: 'dropped', low: 2, high: 3 }],
    references: [{ label: 'Switch paper: typically < 1 %', value: PAPER_DROP_SHARE }],
  };
}

function imbalance(rows: readonly ClusteringRow[]): BarsView {
  const measured = rows.flatMap((row) => (row.maxOverMeanExpertLoad === null ? [] : [[row.name, row.maxOverMeanExpertLoad]]));
  return {
    kind: 'bars',
    label: 'Busiest expert',
    finding: finding(rows),
    table: {
      columns: [
        { label: 'Tokens', unit: '' },
        { label: 'Max / mean expert load', unit: 'ratio' },
      ],
      rows: measured,
    },
    direction: 'horizontal',
    stacked: false,
    category: 0,
    categoryAxis: 'Tokens',
    valueAxis: { label: 'Load of the busiest expert, as a multiple of the mean', unit: 'ratio' },
    series: [{ column: 1, role: 'kept' }],
    references: [{ label: 'all experts equal', value: 1 }],
  };
}

function finding(rows: readonly ClusteringRow[]): string {
  const said = rows.map((row) => {
    const load = row.maxOverMeanExpertLoad === null ? '' : ` (max / mean load ${formatNumber(row.maxOverMeanExpertLoad)})`;
    return `${row.name} ${formatShare(row.droppedTokenFraction)}${load}`;
  });
  return `Dropped: ${said.join('; ')}.`;
}

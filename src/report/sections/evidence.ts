/** What stands beside the simulated numbers: published measurements, the closed form, the bitwise check, the sampling error. */
import { formatNumber, formatShare, formatValue, type Result } from '../../result/index.ts';
import { formatDeviation, formatRatio } from '../format.ts';
import { type Html, html } from '../html.ts';
import { formatMetric, metricOf, metricTitle } from '../metric-text.ts';
import { section, table } from './markup.ts';

/** Null where nobody has published a measurement of this run. */
export function published(result: Result, key: string): Html | null {
  if (result.published.length === 0) return null;
  const rows = result.published.map((row) => {
    const metric = metricOf(result.metrics, row.metric);
    const simulated = metric === undefined ? 'not simulated' : formatMetric(metric);
    const deviation = metric === undefined ? '' : formatDeviation(metric.value, row.value);
    return [
      metricTitle(row.metric),
      formatMetric({ name: row.metric, value: row.value, unit: row.unit }),
      simulated,
      deviation,
      `${row.source} (as of ${row.asOf})`,
    ];
  });
  return section(
    `${key}-published`,
    'Beside published measurements',
    html`<p>Deviation is how far the simulated value lies from the published one.</p>`,
    table('Published and simulated', ['Metric', 'Published', 'Simulated', 'Deviation', 'Source'], rows, [4]),
  );
}

export function analytic(result: Result, key: string): Html {
  const rows = result.analytic.map((row) => {
    const metric = result.metrics.find((other) => other.name === row.name);
    const beside = metric === undefined ? ['', ''] : [formatMetric(metric), formatRatio(metric.value / row.value)];
    return [words(row.name), formatValue(row.value, row.unit), ...beside];
  });
  return section(
    `${key}-analytic`,
    'The closed form beside the emulator',
    html`<p>The same task graph, summed without events on idle wires. The emulator adds contention, imbalance and waiting; without them both agree.</p>`,
    table('Closed form and emulator', ['Quantity', 'Closed form', 'Emulator', 'Emulator / closed form'], rows),
  );
}

export function verification(result: Result, key: string): Html {
  const check = result.detail.verification;
  const { sampling } = result.detail;
  const checked =
    check === null
      ? html`<p>No expert feed-forward was executed in this run: the loads were drawn or recorded, not computed.</p>`
      : html`<p><b>${formatNumber(check.differingValues)} of ${formatNumber(check.comparedValues)}</b> bf16 values differ between the kernel and the naive oracle, compared bit by bit: ${formatNumber(check.tokens)} tokens (${formatShare(check.tokensShare)} of all) went through the whole expert feed-forward, with one full expert batch on each of ${formatNumber(check.devices)} devices.</p>`;
  const all = sampling.routedLayers === sampling.totalLayers && sampling.routedTokens === sampling.totalTokens;
  const sampled =
    sampling.totalLayers === 0
      ? html`<p>The model has no Switch layers.</p>`
      : all
        ? html`<p>Every token of every Switch layer was routed (${formatNumber(sampling.totalLayers)} layers, ${formatNumber(sampling.totalTokens)} token passes): no sampling error.</p>`
        : html`<p>${formatNumber(sampling.routedLayers)} of ${formatNumber(sampling.totalLayers)} Switch layers and ${formatNumber(sampling.routedTokens)} of ${formatNumber(sampling.totalTokens)} token passes were routed; the standard error of the dropped token fraction that comes from sampling is ${formatShare(sampling.standardError)}.</p>`;
  return section(`${key}-checks`, 'Checks and sampling', checked, sampled);
}

/** `exposedCommunicationSeconds` -> `exposed communication`, since the unit stands beside it. */
function words(name: string): string {
  const spaced = name.replace(/(Seconds|Bytes)$/, '').replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

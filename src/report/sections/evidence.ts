/** What stands beside the simulated numbers: published measurements, the closed form, the bitwise check, the sampling error. */
import { formatNumber, formatShare, formatValue, metricValue, type Result } from '../../result/index.ts';
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
    const emulated = emulatedValue(result, row.name);
    const beside = emulated === null ? ['', ''] : [formatValue(emulated, row.unit), formatRatio(emulated / row.value)];
    return [row.name === REST ? 'Exposed communication and waiting' : words(row.name), formatValue(row.value, row.unit), ...beside];
  });
  return section(
    `${key}-analytic`,
    'The closed form beside the emulator',
    html`<p>The same task graph, summed without events on idle wires, every device with its own load and speed. The emulator adds collectives that share links; without them both agree. Compute and what is left of the step are means over the devices.</p>`,
    table('Closed form and emulator', ['Quantity', 'Closed form', 'Emulator', 'Emulator / closed form'], rows),
  );
}

/** What the closed form has beside compute: it does not tell moving bytes from waiting for those that come late. */
const REST = 'exposedCommunicationSeconds';

function emulatedValue({ metrics }: Result, name: string): number | null {
  const value = metrics.find((metric) => metric.name === name)?.value ?? null;
  return value === null || name !== REST ? value : value + (metricValue(metrics, 'waitSeconds') ?? 0);
}

export function verification(result: Result, key: string): Html {
  return section(`${key}-checks`, 'Checks and sampling', checked(result), sampled(result));
}

function checked({ detail, scenario }: Result): Html {
  const check = detail.verification;
  if (check !== null) {
    return html`<p><b>${formatNumber(check.differingValues)} of ${formatNumber(check.comparedValues)}</b> bf16 values differ between the kernel and the oracle, compared bit by bit: ${formatNumber(check.tokens)} tokens (${formatShare(check.tokensShare)} of all) went through the whole expert feed-forward, with one full expert batch on each of ${formatNumber(check.devices)} devices.</p>`;
  }
  if (detail.sampling.totalLayers === 0) return html`<p>No expert feed-forward was executed in this run: the model has no experts.</p>`;
  if (scenario.load.kind === 'measured') {
    return html`<p>The router was executed, the expert feed-forward was not: emulate.verifyShare asks for no tokens to be compared with the oracle.</p>`;
  }
  return html`<p>No expert feed-forward was executed in this run: the loads were drawn or recorded, not computed.</p>`;
}

function sampled({ detail }: Result): Html {
  const { routedLayers, totalLayers, routedTokens, totalTokens, standardError } = detail.sampling;
  if (totalLayers === 0) return html`<p>The model has no Switch layers.</p>`;
  if (routedLayers === totalLayers && routedTokens === totalTokens) {
    return html`<p>Every token of every Switch layer was routed (${formatNumber(totalLayers)} layers, ${formatNumber(totalTokens)} token passes): no sampling error.</p>`;
  }
  const error =
    standardError === null
      ? 'how far the dropped token fraction lies from that of the whole step, the sample does not tell'
      : `the standard error of the dropped token fraction that comes from sampling is ${formatShare(standardError)}`;
  return html`<p>${formatNumber(routedLayers)} of ${formatNumber(totalLayers)} Switch layers and ${formatNumber(routedTokens)} of ${formatNumber(totalTokens)} token passes were routed; ${error}.</p>`;
}

/** `exposedCommunicationSeconds` -> `exposed communication`, since the unit stands beside it. */
function words(name: string): string {
  const spaced = name.replace(/(Seconds|Bytes)$/, '').replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

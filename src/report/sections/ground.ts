/** What an answer rests on: assumptions, warnings, where it came from, and the scenario with every default filled in. */
import { formatNumber, formatValue, type Provenance, type Result, type Warning } from '../../result/index.ts';
import type { Scenario } from '../../scenario/index.ts';
import { type Html, html } from '../html.ts';
import { bullets, facts, section } from './markup.ts';

export function assumptions(result: Result, key: string): Html {
  return section(`${key}-assumptions`, 'Assumptions and limits', bullets(result.detail.assumptions));
}

export function warnings(list: readonly Warning[], key: string): Html {
  const body =
    list.length === 0 ? html`<p>None.</p>` : bullets(list.map((warning) => html`<code>${warning.code}</code> ${warning.message}`));
  return section(`${key}-warnings`, 'Warnings', body);
}

export function provenance(from: Provenance, fingerprint: string, seeds: readonly number[], key: string): Html {
  return section(
    `${key}-provenance`,
    'Provenance',
    facts([
      ['Version', from.version],
      ['Fingerprint', html`<code>${fingerprint}</code>`],
      [seeds.length === 1 ? 'Seed' : 'Seeds', seeds.join(', ')],
      ['Kernels', kernelText(from)],
      [
        'Ran',
        `${from.startedAt}, ${formatValue(from.wallSeconds, 's')} of wall time on ${formatNumber(from.threads)} threads, Node ${from.node}`,
      ],
      ['Data', from.dataSources.length === 0 ? 'none' : bullets(from.dataSources)],
    ]),
    html`<p class="muted">The same scenario and seed give the same fingerprint, whatever the number of threads; this section alone may differ between two runs.</p>`,
  );
}

/** `wasm-simd256, 104 GFLOP/s per thread in bf16 (92 % of ...), 69 in f32`. */
function kernelText({ kernelPath, kernelSpeed }: Provenance): string {
  if (kernelSpeed === undefined || kernelSpeed === null) return kernelPath;
  const { bf16, f32, limit } = kernelSpeed;
  const share = limit === null ? '' : ` (${formatNumber((100 * bf16) / limit)} % of what this machine reached on registers alone)`;
  return `${kernelPath}, ${formatNumber(bf16)} GFLOP/s per thread in bf16${share}, ${formatNumber(f32)} in f32`;
}

export function scenarioAsResolved(scenario: Scenario, key: string): Html {
  return section(
    `${key}-scenario`,
    'Scenario as resolved',
    html`<details><summary>Every key with its default filled in</summary>${scenarioText(scenario)}</details>`,
  );
}

export function scenarioText(scenario: Scenario): Html {
  // Recorded expert ids may be millions of numbers; the file that holds them is named.
  const text = JSON.stringify(scenario, (name, value: unknown) => (name === 'records' ? '(recorded choices, not shown)' : value), 2);
  return html`<pre tabindex="0">${text}</pre>`;
}

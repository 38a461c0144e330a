import { expect, test } from 'vitest';
import { renderPage } from '../../src/report/index.ts';
import { formatValue, type MetricName, metricValue } from '../../src/result/index.ts';
import { sampleResult } from './sample-result.ts';

const script = { text: '', sha256Base64: `${'A'.repeat(43)}=` };

test('the closed form stands beside what is left of the step, waiting included, since it does not tell them apart', () => {
  const result = sampleResult();
  const seconds = (name: MetricName): number => metricValue(result.metrics, name) ?? Number.NaN;
  expect(seconds('waitSeconds')).toBeGreaterThan(0);
  const closed = result.analytic.find(({ name }) => name === 'exposedCommunicationSeconds')?.value ?? Number.NaN;
  const rest = seconds('exposedCommunicationSeconds') + seconds('waitSeconds');
  const page = renderPage({ results: [result], script });
  const row = page.split('<tr').find((part) => part.includes('Exposed communication and waiting'));
  const cells = [...(row ?? '').matchAll(/<td[^>]*>([^<]*)</g)].map(([, text]) => text);
  expect(cells).toEqual(
    expect.arrayContaining([formatValue(closed, 's'), formatValue(rest, 's'), expect.stringContaining((rest / closed).toFixed(2))]),
  );
});

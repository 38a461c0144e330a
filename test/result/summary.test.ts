import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDollars,
  formatNumber,
  formatSeconds,
  formatShare,
  formatSummary,
  formatValue,
  type Result,
  summarise,
} from '../../src/result/index.ts';
import { sampleResult, VALUES } from './sample-result.ts';

const textOf = (result: Result): string => formatSummary(summarise(result)).join('\n');

describe('the summary', () => {
  it('fits one screen', () => {
    const lines = formatSummary(summarise(sampleResult()));
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.length).toBeLessThanOrEqual(20);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('says what MFU is a share of where products have 8-bit operands', () => {
    const plain = sampleResult();
    expect(textOf(plain)).not.toContain('bf16 peak');
    const precision = { ...plain.scenario.precision, quantized: 'int8' as const };
    expect(textOf({ ...plain, scenario: { ...plain.scenario, precision } })).toMatch(/MFU .*HFU .*of the bf16 peak, products in/);
  });

  it('cuts what is too long instead of wrapping', () => {
    const [line] = formatSummary([{ label: 'a', value: 'b', note: 'c'.repeat(100) }], 40);
    expect(line.length).toBe(40);
    expect(line.endsWith('…')).toBe(true);
  });

  it.each([
    [/step time +800 ms$/m],
    [/closed form +770 ms/],
    [/compute +75\.0 % +600 ms/],
    [/exposed communication +18\.7 % +150 ms/],
    [/waiting +6\.25 % +50 ms/],
    [/examples per second +1,280 +published 1,000 examples\/s \(\+28\.0 %\)/],
    [/MFU +23\.1 % +HFU 35\.2 %/],
    [/HBM peak +12 GB +75\.0 % of 16 GB per device$/m],
    [/bytes sent per device +3\.40 GB +all-to-all 1\.10 GB/],
    [/busiest ICI link +900 MB +chip 2 to 3, busy 25\.0 % of the step/],
    [/dropped tokens +5\.34 % +524 k token passes in 6 of 12 layers$/m],
    [/sampling error +±0\.04 % +standard error of the dropped tokens$/m],
    [/max \/ mean expert load +1\.62 +worst layer 1\.13/],
    [/expert capacity +10 slots +switch-top1, cf 1\.25, mesh-tf rule/],
    [/checked against oracle +64 tokens +4\.10 k values, 0 differ/],
    [/dollars per 10\^9 tokens +\$12,346/],
  ])('says %s', (pattern) => expect(textOf(sampleResult())).toMatch(pattern));

  it('shouts when the step does not fit', () => {
    expect(textOf(sampleResult({ ...VALUES, hbmPeakBytes: 20e9 }))).toMatch(/HBM peak +20 GB +125\.0 % of 16 GB per device: DOES NOT FIT/);
  });

  it('says of a sample that it does not tell its error, and nothing of an error where all was routed', () => {
    const base = sampleResult();
    const withError = (standardError: number | null): string =>
      textOf({ ...base, detail: { ...base.detail, sampling: { ...base.detail.sampling, standardError } } });
    expect(withError(null)).toMatch(/sampling error +not known/);
    expect(withError(0)).not.toMatch(/sampling error/);
  });

  it('names the busiest link of each kind where slices are joined by hosts', () => {
    const base = sampleResult();
    const [ici] = base.detail.links.rows;
    const row = { ...ici, axis: 2, bytes: 3e8, utilisation: 0.5 };
    const links = {
      ...base.detail.links,
      slices: 2,
      chips: 8,
      hosts: 2,
      rows: [
        { ...ici, from: 5, to: 7, axis: 1, bytes: 7e8 },
        { ...row, kind: 'pcie' as const, from: 4, to: 9 },
        { ...row, kind: 'nic' as const, from: 9, to: 10 },
      ],
    };
    const text = textOf({ ...base, detail: { ...base.detail, links } });
    expect(text).toMatch(/busiest ICI link +700 MB +chip 5 to 7, busy 12\.5 % of the step/);
    expect(text).toMatch(/busiest host link +300 MB +chip 4 to host 1, busy 50\.0 %/);
    expect(text).toMatch(/busiest network card +300 MB +host 1 to network, busy 50\.0 %/);
    const idle = { ...links, rows: links.rows.map((one) => (one.kind === 'ici' ? one : { ...one, bytes: 0 })) };
    expect(textOf({ ...base, detail: { ...base.detail, links: idle } })).not.toMatch(/busiest (host|network)/);
  });

  it('is silent about experts of a dense model and about links of a single chip', () => {
    const base = sampleResult();
    const dense = { ...base, scenario: { ...base.scenario, model: { ...base.scenario.model, moe: null } } };
    expect(textOf(dense)).not.toMatch(/expert|dropped|oracle/);
    const alone = { ...base, detail: { ...base.detail, links: { ...base.detail.links, rows: [] } } };
    expect(textOf(alone)).not.toMatch(/busiest/);
  });
});

describe('numbers for people', () => {
  it.each([
    [formatSeconds(0), '0 s'],
    [formatSeconds(1.5e-12), '1.50 ps'],
    [formatSeconds(1.8), '1.80 s'],
    [formatSeconds(0.00123456), '1.23 ms'],
    [formatSeconds(0.9999), '1.00 s'],
    [formatSeconds(86_400), '86,400 s'],
    [formatBytes(999), '999 B'],
    [formatBytes(999_600), '1.00 MB'],
    [formatBytes(16e9), '16 GB'],
    [formatBytes(2e19), '20,000 PB'],
    [formatCount(1023), '1.02 k'],
    [formatCount(12), '12'],
    [formatShare(0.0527), '5.27 %'],
    [formatShare(0.4004), '40.0 %'],
    [formatShare(0), '0 %'],
    [formatShare(4.2e-7), '4e-5 %'],
    [formatDollars(12.3), '$12.30'],
    [formatDollars(1_234_567.8), '$1,234,568'],
    [formatNumber(12_345.678), '12,346'],
    [formatNumber(1.23456), '1.23'],
    [formatNumber(1_000_000), '1,000,000'],
    [formatNumber(2e-7), '2.0e-7'],
    [formatNumber(Number.NaN), 'not known'],
    [formatBytes(Number.NaN), 'not known'],
    [formatValue(0.25, 'fraction'), '25.0 %'],
    [formatValue(3, 'slots'), '3 slots'],
    [formatValue(1.5, 'ratio'), '1.5'],
    [formatValue(0.5, 's'), '500 ms'],
    [formatValue(5e6, 'B'), '5 MB'],
    [formatValue(5, '$'), '$5.00'],
  ])('%s', (written, wanted) => expect(written).toBe(wanted));
});

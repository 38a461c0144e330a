import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBandwidth, parseBytes, parseDuration } from '../../src/intake/index.ts';

describe('sizes, bandwidths and durations', () => {
  it.each([
    ['64MiB', 64 * 2 ** 20],
    ['64 MiB', 64 * 2 ** 20],
    ['1GiB', 2 ** 30],
    ['64MB', 64e6],
    ['64kB', 64e3],
    ['64KB', 64e3],
    ['1e9', 1e9],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['67108864', 67108864],
    ['67108864B', 67108864],
    ['1TiB', 2 ** 40],
  ])('%s are bytes', (text, bytes) => expect(parseBytes(text, '--bytes')).toEqual({ value: bytes }));

  it('half a byte is refused, a prefix with a fraction is not', () => {
    for (const text of ['1.5', '2.25B', '1e0.5']) expect(parseBytes(text, '--bytes').issue?.path).toBe('--bytes');
    expect(parseBytes('1.5', '--bytes').issue).toMatchObject({ code: 'E_RANGE', rule: 'must be whole bytes' });
    expect(parseBytes('1.5KiB', '--bytes')).toEqual({ value: 1536 });
    expect(parseBytes('1.1GiB', '--bytes').issue).toBeUndefined();
  });

  it.each([
    ['50GiB/s', 50 * 2 ** 30],
    ['45GB/s', 45e9],
    ['400Gbit/s', 50e9],
    ['1e9B/s', 1e9],
  ])('%s are bytes per second', (text, rate) => expect(parseBandwidth(text, '--link-bandwidth')).toEqual({ value: rate }));

  it.each([
    ['500ns', 500e-9],
    ['1us', 1e-6],
    ['1µs', 1e-6],
    ['2ms', 2e-3],
    ['0s', 0],
  ])('%s are seconds', (text, seconds) => expect(parseDuration(text, '--hop-latency').value).toBeCloseTo(seconds, 15));

  it.each([
    [parseBytes, '64Mb', 'did you mean 64MB?'],
    [parseBytes, '64mib', 'did you mean 64MiB?'],
    [parseBytes, '64M', 'write a number and its unit'],
    [parseBytes, 'many', 'write a number and its unit'],
    [parseBytes, '', 'write a number and its unit'],
    [parseBytes, '0x40', 'write a number and its unit'],
    [parseBandwidth, '45GB', 'write a number and its unit'],
    [parseBandwidth, '45gb/s', 'did you mean 45GB/s?'],
    [parseDuration, '500', 'write a number and its unit'],
    [parseDuration, '500NS', 'did you mean 500ns?'],
  ])('%o does not read %j', (parse, text, remedy) => {
    expect(parse(text, '--bytes').issue).toMatchObject({ code: 'E_QUANTITY', path: '--bytes', value: JSON.stringify(text), remedy });
  });

  it.each([
    [parseBytes, '0'],
    [parseBytes, '-1MiB'],
    [parseBytes, '2TiB'],
    [parseBytes, '1e400'],
    [parseBandwidth, '0GB/s'],
    [parseBandwidth, '-45GB/s'],
    [parseDuration, '-1us'],
    [parseDuration, '2s'],
  ])('%o refuses %j as out of range', (parse, text) => expect(parse(text, '--x').issue).toMatchObject({ code: 'E_RANGE', path: '--x' }));

  it('read any text without throwing, and never answer with a number that is none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-+0-9.eE]{0,8}[ kKMGTibBtps/]{0,6}$/)), (text) => {
        for (const parse of [parseBytes, parseBandwidth, parseDuration]) {
          const { value, issue } = parse(text, '--x');
          expect(value === undefined).toBe(issue !== undefined);
          if (value !== undefined) expect(value >= 0 && value <= 2 ** 50).toBe(true);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

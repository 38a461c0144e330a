import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readTrafficCsv } from '../../src/intake/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-traffic-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string, members: number) {
  const file = join(folder, 'matrix.csv');
  writeFileSync(file, text);
  return readTrafficCsv(file, members, '--traffic');
}

describe('a traffic matrix from CSV', () => {
  it('is read row by row', () => expect([...(read('0,1\n2.5,3e3\n', 2).traffic ?? [])]).toEqual([0, 1, 2.5, 3000]));

  it.each([
    ['without a last line end', '0,1\n2,3'],
    ['with the line ends of Windows', '0,1\r\n2,3\r\n'],
    ['with spaces', ' 0 , 1\n2,\t3 \n'],
    ['with a mark of its encoding', '\uFEFF0,1\n2,3\n'],
    ['with empty lines at its end', '0,1\n2,3\n\n \n'],
  ])('is read %s', (_, text) => expect([...(read(text, 2).traffic ?? [])]).toEqual([0, 1, 2, 3]));

  it('has the bits that any other reader of its numbers has', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }).chain((members) =>
          fc.array(
            fc.oneof(
              fc.nat(),
              fc.maxSafeNat(),
              fc.double({ min: 0, max: 1e18, noNaN: true }),
              fc.double({ min: 0, max: 1000, noNaN: true }).map((x) => Number(x.toFixed(6))),
            ),
            {
              minLength: members * members,
              maxLength: members * members,
            },
          ),
        ),
        (numbers) => {
          const members = Math.sqrt(numbers.length);
          const rows = Array.from({ length: members }, (_, row) =>
            numbers
              .slice(row * members, (row + 1) * members)
              .map(String)
              .join(','),
          );
          expect([...(read(rows.join('\n'), members).traffic ?? [])]).toEqual(numbers.map((value) => value + 0));
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });

  it('is read over the borders of pieces of the file', () => {
    const members = 600;
    const row = (sender: number) => Array.from({ length: members }, (_, i) => String((sender * 7919 + i * 104_729) % 1_000_003)).join(',');
    const { traffic } = read(Array.from({ length: members }, (_, sender) => row(sender)).join('\n'), members);
    expect(traffic?.length).toBe(members * members);
    expect(traffic?.every((value, at) => value === (Math.floor(at / members) * 7919 + (at % members) * 104_729) % 1_000_003)).toBe(true);
  });

  it.each([
    ['a header', 'a,b\n1,2\n', 'E_TRAFFIC_VALUE', 1, 1, 'no header'],
    ['a column of names', '0,1\nchip1,2\n', 'E_TRAFFIC_VALUE', 2, 1, 'finite number'],
    ['an empty cell', '0,\n1,2\n', 'E_TRAFFIC_VALUE', 1, 3, 'finite number'],
    ['an empty line inside', '0,1\n\n1,2\n', 'E_TRAFFIC_VALUE', 2, 1, 'every line'],
    ['a negative number', '0,1\n1,-2\n', 'E_TRAFFIC_VALUE', 2, 3, 'at least 0'],
    ['NaN', '0,NaN\n1,2\n', 'E_TRAFFIC_VALUE', 1, 3, 'finite number'],
    ['infinity', '0,1e999\n1,2\n', 'E_TRAFFIC_VALUE', 1, 3, 'finite number'],
    ['a short line', '0,1\n2\n', 'E_TRAFFIC_SIZE', 2, 1, '2 numbers'],
    ['a long line', '0,1,2\n2,3\n', 'E_TRAFFIC_SIZE', 1, 1, '2 numbers'],
    ['too few lines', '0,1\n', 'E_TRAFFIC_SIZE', 2, 1, '2 lines'],
    ['too many lines', '0,1\n2,3\n4,5\n', 'E_TRAFFIC_SIZE', 3, 1, '2 lines'],
    ['nothing', '', 'E_TRAFFIC_SIZE', 1, 1, '2 lines'],
  ])('%s is refused with its place', (_, text, code, line, column, rule) => {
    const { issues = [] } = read(text, 2);
    expect(issues[0]).toMatchObject({ code, place: { line, column } });
    expect(issues[0].rule).toContain(rule);
  });

  it('reports a few wrong lines, not all', () => {
    expect(read('x,1\n'.repeat(50), 50).issues?.length).toBe(5);
  });

  it.each([
    [join(folder, 'missing.csv'), 'no such file'],
    [folder, 'is not a file'],
  ])('%s is refused', (file, rule) => {
    expect(readTrafficCsv(file, 2, '--traffic').issues?.[0]).toMatchObject({ code: 'E_FILE', path: '--traffic', rule });
  });
});

import { expect, test } from 'vitest';
import { checkTraffic } from '../../src/collectives/index.ts';

const codes = (entries: readonly number[], members: number) =>
  checkTraffic(entries, members, 'traffic').map(({ code, value }) => `${code} ${value}`);

test('a matrix of bytes passes', () => {
  expect(codes([0, 1.5, 2, 0], 2)).toEqual([]);
});

test('another size than the group', () => {
  expect(codes([0, 1, 2, 0], 3)).toEqual(['E_TRAFFIC_SIZE 2 x 2 entries for 3 devices']);
  expect(codes([0, 1, 2], 2)).toEqual(['E_TRAFFIC_SIZE 3 entries for 2 devices']);
});

test('the first entry that is no amount of bytes is named, the others are counted', () => {
  expect(codes([0, 1, -2, 0], 2)).toEqual(['E_TRAFFIC_VALUE -2 in row 2, column 1']);
  expect(codes([0, Number.NaN, -2, Infinity], 2)).toEqual(['E_TRAFFIC_VALUE NaN in row 1, column 2, and 2 more like it']);
});

test('nothing at all is no traffic', () => {
  expect(codes([0, 0, 0, 0], 2)).toEqual(['E_TRAFFIC_VALUE all entries are 0']);
});

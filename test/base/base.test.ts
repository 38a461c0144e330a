import { describe, expect, test } from 'vitest';
import {
  addNumber,
  addNumbers,
  addText,
  editDistance,
  emptyFingerprint,
  fingerprintText,
  formatIssue,
  InputError,
  lookUp,
  nearest,
  toPicoseconds,
  toSeconds,
} from '../../src/base/index.ts';

const printOf = (values: readonly number[]) => {
  const print = emptyFingerprint();
  addNumbers(print, values);
  return fingerprintText(print);
};

describe('fingerprint', () => {
  test('any moved bit, order or length shows', () => {
    const prints = [[], [0], [1], [1 + 2 ** -52], [0, 0], [1, 2], [2, 1], [Number.NaN]].map(printOf);
    expect(new Set(prints).size).toBe(prints.length);
    expect(prints.every((print) => /^[0-9a-f]{16}$/.test(print))).toBe(true);
  });

  test('equal numbers print equally: minus zero is zero', () => {
    const [plus, minus] = [emptyFingerprint(), emptyFingerprint()];
    addNumber(plus, 0);
    addNumber(minus, -0);
    expect(fingerprintText(plus)).toBe(fingerprintText(minus));
  });

  test('10,000 neighbouring numbers have 10,000 fingerprints', () => {
    expect(new Set(Array.from({ length: 10_000 }, (_, n) => printOf([n]))).size).toBe(10_000);
  });

  test('texts are told apart from their pieces', () => {
    const [whole, pieces] = [emptyFingerprint(), emptyFingerprint()];
    addText(whole, 'ab');
    addText(pieces, 'a');
    addText(pieces, 'b');
    expect(fingerprintText(whole)).not.toBe(fingerprintText(pieces));
  });
});

describe('look-up', () => {
  test('an unknown key names the nearest known one', () => {
    const registry = { 'all-reduce': 1, 'all-gather': 2 };
    expect(lookUp(registry, 'all-gather', 'E_TEST', 'kind')).toBe(2);
    expect(() => lookUp(registry, 'allgather', 'E_TEST', 'kind')).toThrow(/E_TEST kind: "allgather".*did you mean all-gather\?/);
  });

  test('names inherited by every object are unknown keys', () => {
    expect(() => lookUp({ known: 1 }, 'constructor', 'E_TEST', 'kind')).toThrow(InputError);
  });

  test('nothing is near a name that shares nothing', () => {
    expect(nearest('zzzzzz', ['all-reduce', 'all-gather'])).toBeUndefined();
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });
});

test('an issue reads as place, code, path, value, rule and remedy', () => {
  const issue = {
    code: 'E_X',
    path: 'a.b',
    value: '3',
    rule: 'must be 4',
    remedy: 'write 4',
    place: { file: 's.yaml', line: 7, column: 12 },
  };
  expect(formatIssue(issue)).toBe('s.yaml:7:12 E_X a.b: 3; must be 4; write 4');
  expect(formatIssue({ ...issue, path: '', place: undefined })).toBe('E_X 3; must be 4; write 4');
});

test('picoseconds round once and come back', () => {
  expect(toPicoseconds(1.4e-12)).toBe(1);
  expect(toPicoseconds(1.5e-12)).toBe(2);
  expect(toSeconds(toPicoseconds(0.25))).toBe(0.25);
});

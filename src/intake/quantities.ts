import type { Bytes, BytesPerSecond, Issue, Seconds } from '../base/index.ts';

/** A number with its unit, read from an option or a key, or the issue that says how to write it. */
export type Quantity<Value extends number> =
  | { readonly value: Value; readonly issue?: undefined }
  | { readonly issue: Issue; readonly value?: undefined };

interface Kind {
  readonly what: string;
  /** By suffix as written; the empty one is the base unit. */
  readonly units: Readonly<Record<string, number>>;
  readonly examples: string;
  readonly least: number;
  readonly most: number;
  /** The bounds in words. */
  readonly range: string;
}

const DECIMAL = { k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const BINARY = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };
const SECOND_PARTS = { s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, μs: 1e-6, ns: 1e-9, ps: 1e-12 };

/** Upper bounds keep simulated times within what picoseconds count exactly, or nearly so; nothing real comes near them. */
const BYTES: Kind = {
  what: 'a size',
  units: { '': 1, ...prefixed('B') },
  examples: '64MiB, 64MB or 67108864',
  least: 1,
  most: 2 ** 40,
  range: '1 B to 1 TiB',
};

const BANDWIDTH: Kind = {
  what: 'a bandwidth',
  units: { ...perSecond('B', 1), ...perSecond('bit', 1 / 8) },
  examples: '50GiB/s, 45GB/s or 400Gbit/s',
  least: 1e6,
  most: 1e15,
  range: '1 MB/s to 1 PB/s',
};

const DURATION: Kind = {
  what: 'a duration',
  units: SECOND_PARTS,
  examples: '500ns, 1us or 2ms',
  least: 0,
  most: 1,
  range: '0 to 1 s',
};

/** `64MiB`, `1GiB`, `1e9`, `64MB`, `67108864`. Letters of prefixes are case-sensitive: `Mb` would be bits to some. */
export function parseBytes(text: string, path: string): Quantity<Bytes> {
  const size = read(text, path, BYTES);
  // With a prefix, a rounded number of bytes is what is meant; without one, there is no half a byte.
  if (size.issue !== undefined || Number.isInteger(size.value) || /[KMGTk]i?B$/.test(text.trim())) return size;
  const remedy = `write ${Math.round(size.value)}, or a prefix: ${BYTES.examples}`;
  return { issue: { code: 'E_RANGE', path, value: JSON.stringify(text), rule: 'must be whole bytes', remedy } };
}

/** `50GiB/s`, `45GB/s`, `400Gbit/s`. */
export function parseBandwidth(text: string, path: string): Quantity<BytesPerSecond> {
  return read(text, path, BANDWIDTH);
}

/** `500ns`, `1us`, `2ms`, `0s`. */
export function parseDuration(text: string, path: string): Quantity<Seconds> {
  return read(text, path, DURATION);
}

const NUMBER_AND_UNIT = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\d\s].*)?$/;

function read(text: string, path: string, kind: Kind): Quantity<number> {
  const [, digits, unit = ''] = NUMBER_AND_UNIT.exec(text.trim()) ?? [];
  const factor = digits === undefined || !Object.hasOwn(kind.units, unit) ? undefined : kind.units[unit];
  if (factor === undefined) {
    const near = digits === undefined ? undefined : sameLetters(unit, Object.keys(kind.units));
    return {
      issue: {
        code: 'E_QUANTITY',
        path,
        value: JSON.stringify(text),
        rule: `must be ${kind.what}: ${kind.examples}`,
        remedy: near === undefined ? 'write a number and its unit' : `did you mean ${digits}${near}?`,
      },
    };
  }
  const value = Number(digits) * factor;
  if (value >= kind.least && value <= kind.most) return { value };
  return {
    issue: { code: 'E_RANGE', path, value: JSON.stringify(text), rule: `must be ${kind.range}`, remedy: `write ${kind.what} within it` },
  };
}

/** The unit that differs in upper and lower case alone. */
function sameLetters(unit: string, known: readonly string[]): string | undefined {
  return known.find((other) => other !== '' && other.toLowerCase() === unit.toLowerCase());
}

function prefixed(unit: string): Record<string, number> {
  return Object.fromEntries([[unit, 1], ...Object.entries({ ...DECIMAL, ...BINARY }).map(([prefix, factor]) => [prefix + unit, factor])]);
}

function perSecond(unit: string, bytes: number): Record<string, number> {
  return Object.fromEntries(Object.entries(prefixed(unit)).map(([name, factor]) => [`${name}/s`, factor * bytes]));
}

import type { Entry } from './catalogue.ts';

/** Numbers of `switchyard collective --json` and of its result.json. */
export function figureEntries(): Entry[] {
  return FIGURES.map(([name, title, ...facts]) => ({ name, title, facts: [['stands in', 'switchyard collective --json'], ...facts] }));
}

/** Keys of `topology:` about wires and about devices that are not alike. */
export function wireKeyEntries(): Entry[] {
  return KEYS.map(([name, title, ...facts]) => ({ name, title, facts }));
}

type Row = readonly [name: string, title: string, ...facts: Entry['facts']];

const NCCL = ['source', 'nccl-tests, doc/PERFORMANCE.md'] as const;

const FIGURES: readonly Row[] = [
  [
    'busBytesPerSecond',
    'algorithm bandwidth times the factor of the operation [B/s]: comparable between operations and group sizes',
    [
      'formula',
      'bytesPerDevice / seconds x factor; all-reduce 2 (n - 1) / n, all-gather, reduce-scatter and all-to-all (n - 1) / n, others 1',
    ],
    NCCL,
  ],
  ['algorithmBytesPerSecond', 'bytes of one device over time [B/s]', ['formula', 'bytesPerDevice / seconds'], NCCL],
  [
    'lowerBoundSeconds',
    'no algorithm is faster on these wires [s]; latency is not in it',
    ['formula', 'bytes that must cross a cut, or go into a chip, over the bandwidth of its links; the largest of all'],
  ],
  [
    'linkUtilisation',
    'bytes that a directed link carried, over what it could have carried in the whole time: min, mean and max over all links',
    ['formula', 'bytes / (bandwidth x seconds)'],
  ],
  [
    'bytesPerDevice',
    'what one device holds [B]: before the operation, for all-gather after it, for broadcast what the root has',
    ['option', '--bytes, or the mean row of --traffic'],
    NCCL,
  ],
];

const KEYS: readonly Row[] = [
  [
    'twisted',
    'the wraps of the short sides go half-way round the long ones, where sides are n and 2n: 4x4x8, 4x8x8',
    ['scenario key', 'topology: {chip: tpu-v4, shape: [4, 4, 8], twisted: true}'],
    ['option', 'switchyard collective --twisted, or a name that ends in _twisted'],
    ['source', 'Jouppi et al., TPU v4, ISCA 2023 (twisted tori)'],
  ],
  [
    'jitter',
    'every computation of every device takes longer by up to this share (seeded): 0.02 is 2 %',
    ['scenario key', 'topology: {chip: tpu-v3, shape: [4, 4], jitter: 0.02}, from 0 to 1'],
  ],
  [
    'startSkew',
    'devices begin the step late: each by up to so many seconds (seeded), or as listed',
    ['scenario key', 'topology: {chip: tpu-v3, shape: [4, 4], startSkew: 0.001}, or startSkew: [{device: 3, seconds: 0.5}]'],
    ['unit', 'seconds, from 0 to 60'],
  ],
  [
    'startSkewSeconds',
    'what the key startSkew says as one number: the latest that a device begins, drawn uniformly',
    ['scenario key', 'topology: {chip: tpu-v3, shape: [4, 4], startSkew: 0.001}'],
  ],
  [
    'brokenLinks',
    'wires between neighbouring chips that are out of order, in both directions',
    ['scenario key', 'topology: {chip: tpu-v3, shape: [4, 4], brokenLinks: [[0, 1]]}; chips by number (x fastest) or by coordinates'],
    ['option', 'switchyard collective --break-link 0-1'],
  ],
  [
    'slowLinks',
    'wires between neighbouring chips that are slower, in both directions: factor 2 halves the bandwidth',
    ['scenario key', 'topology: {chip: tpu-v3, shape: [4, 4], slowLinks: [{between: [0, 1], factor: 2}]}'],
    ['option', 'switchyard collective --slow-link 0-1:2'],
  ],
];

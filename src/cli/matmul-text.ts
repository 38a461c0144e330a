import { formatBytes, formatCount, formatNumber, formatSeconds, formatShare } from '../result/index.ts';
import { printable } from './printable.ts';
import type { MatmulAnswer } from './run-matmul.ts';
import { alignedTable, cut, wrapText } from './table.ts';

const WIDTH = 80;

const BOUNDS: Readonly<Record<MatmulAnswer['boundBy'], string>> = {
  mxu: 'the matrix unit',
  vpu: 'the vector unit',
  hbm: 'HBM',
  overhead: 'the start of the operation',
};

/** The cost, its terms, utilisation over rows, and where the curve comes from. */
export function matmulText(answer: MatmulAnswer): string {
  const lines = [title(answer), '', ...costLines(answer), '', ...rowLines(answer), '', ...curveLines(answer)];
  return `${lines.map((line) => cut(printable(line), WIDTH)).join('\n')}\n`;
}

function title({ chip, product: { m, k, n, batch }, dtype }: MatmulAnswer): string {
  const times = batch === 1 ? '' : `${batch} x `;
  return `${times}[${m}, ${k}] x [${k}, ${n}] in ${dtype} on one device of ${chip}`;
}

function costLines(answer: MatmulAnswer): string[] {
  const { seconds, mxuUtilisation, boundBy, flops, hbmBytes, terms, passes, cyclesUnbuffered, dataflow } = answer;
  const rows = [
    ['time', formatSeconds(seconds), `bound by ${BOUNDS[boundBy]}`],
    ['  start', formatSeconds(terms.launch), ''],
    ['  matrix unit', formatSeconds(terms.mxu), `${formatCount(passes)} passes of a tile`],
    ['  HBM', formatSeconds(terms.hbm), `${formatBytes(hbmBytes)}, in and out once`],
    ['  not overlapped', formatSeconds(terms.exposed), 'of the shorter of the two'],
    ['utilisation', formatShare(mxuUtilisation), `${formatCount(flops)}FLOP of ${formatCount(answer.peakFlopsPerSecond)}FLOP/s`],
    ['unbuffered', `${formatCount(cyclesUnbuffered)} cycles`, `one array without double buffering, ${dataflow}`],
  ];
  return [...alignedTable(rows, [1]), ...(answer.fitsHbm ? [] : ['the matrices do not fit into the HBM of the device'])];
}

function rowLines({ overRows }: MatmulAnswer): string[] {
  const rows = overRows.map(({ m, seconds, mxuUtilisation, boundBy }) => [
    String(m),
    formatSeconds(seconds),
    formatShare(mxuUtilisation),
    boundBy,
  ]);
  return alignedTable([['m', 'time', 'utilisation', 'bound by'], ...rows], [0, 1, 2]);
}

function curveLines({ curve, share }: MatmulAnswer): string[] {
  const { launchSeconds, peakShare, windowBytes, exposedCost } = curve;
  const words = [
    `start ${formatSeconds(launchSeconds)}`,
    `${formatShare(peakShare)} of the matrix peak`,
    `half exposed of ${formatBytes(windowBytes)}, at ${formatNumber(1 + exposedCost)} times the cost`,
    `streams at ${formatShare(curve.streamShare)} of HBM`,
  ];
  return [
    ...wrapText(`curve: ${words.join(', ')}`, WIDTH),
    ...wrapText(`share of the peak: ${share.note} (${share.source}, ${share.asOf})`, WIDTH),
  ];
}

import type { BenchmarkTable } from '../../benchmark.ts';
import type { EngineBars, EngineRow } from './engine-case.ts';

export const NOTES = [
  'One process for each case; seconds of processor time, all threads of the process together, best round. Memory is the largest resident set, Node itself included. ! where even the best round misses a bar.',
  'Others: the record of data/peers, made on another day and perhaps another machine, so ratios of seconds say which power of ten and no more. Bound: no algorithm is faster on the links of the torus; below 1 the model cannot be right.',
];

/** Cases with their bars, what came out, and the work of other simulators beside ours. */
export function engineTables(rows: readonly EngineRow[]): BenchmarkTable[] {
  const own = rows.filter((row) => row.peer === null);
  const shared = rows.filter((row) => row.peer !== null);
  return [
    {
      title: '',
      rows: [['case', 'seconds', 'bar', 'events/s', 'bar', 'MiB', 'bar'], ...own.map(costCells)],
      right: [1, 2, 3, 4, 5, 6],
    },
    { title: 'Results', rows: own.map(resultCells).filter((cells) => cells.length > 1), right: [] },
    {
      title: `The same work elsewhere${shared.length > 0 ? `: ${[...new Set(shared.map(({ peer }) => peer?.tool))].join(', ')}` : ''}`,
      rows: [['case', 'ours s', 'theirs s', 'ratio', 'ours / bound', 'theirs / bound'], ...shared.map(peerCells)],
      right: [1, 2, 3, 4, 5],
    },
  ].filter(({ rows: lines }) => lines.length > (lines[0]?.[0] === 'case' ? 1 : 0));
}

function costCells({ title, seconds, eventsPerSecond, peakBytes, bars, missed }: EngineRow): string[] {
  const bar = (name: keyof EngineBars, text: (value: number) => string): string => {
    const value = bars[name];
    return value === undefined ? '' : `${text(value)}${missed.includes(name) ? ' !' : ''}`;
  };
  return [
    title,
    digits(seconds),
    bar('seconds', digits),
    eventsPerSecond === null ? '' : millions(eventsPerSecond),
    bar('eventsPerSecond', millions),
    (peakBytes / 2 ** 20).toFixed(0),
    bar('mebibytes', String),
  ];
}

function resultCells({ title, result }: EngineRow): string[] {
  return [title, ...Object.entries(result).map(([name, value]) => `${name} ${typeof value === 'number' ? plain(value) : value}`)];
}

function peerCells({ title, seconds, result, peer }: EngineRow): string[] {
  const ours = result['seconds / bound'];
  const theirs = peer?.processorSeconds ?? null;
  return [
    title,
    digits(seconds),
    theirs === null ? 'not done' : theirs === 0 ? '< 0.01' : theirs.toFixed(2),
    theirs === null || theirs === 0 ? '' : (theirs / seconds).toFixed(0),
    typeof ours === 'number' ? ours.toFixed(3) : '',
    peer?.overBound === undefined || peer.overBound === null ? '' : peer.overBound.toFixed(3),
  ];
}

/** Three digits that count, never as an exponent. */
function digits(seconds: number): string {
  return seconds >= 0.1 ? seconds.toFixed(2) : seconds >= 0.001 ? seconds.toFixed(4) : seconds.toFixed(6);
}

function millions(eventsPerSecond: number): string {
  return `${(eventsPerSecond / 1e6).toFixed(1)} M`;
}

function plain(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

import {
  type CollectiveResult,
  formatArrayBytes,
  formatBytes,
  formatSeconds,
  formatShare,
  type LinkKindUse,
  type LinkUse,
  linkName,
} from '../result/index.ts';
import { looseBound } from './loose-bound.ts';
import { printable } from './printable.ts';
import { alignedTable, cut, wrapText } from './table.ts';

const WIDTH = 80;

/** Time, bound, links and what they rest on, in lines of 80 characters; the page's path is never cut. */
export function collectiveText(result: CollectiveResult, page: string | null): string {
  const rows: [string, string][] = [
    ['time', timeText(result)],
    ['bandwidth', bandwidthText(result)],
    ['lower bound', boundText(result)],
    ...result.linkKinds.map((use): [string, string] => [LINK_WORDS[use.kind], useText(use)]),
    ...(result.busiestLink === null ? [] : ([['busiest link', linkText(result.busiestLink, result)]] as [string, string][])),
    ...routingRows(result),
    ...faultRows(result),
    ...trafficRows(result),
  ];
  const labels = Math.max(...rows.map(([label]) => label.length), 'rests on'.length);
  const rests = [...result.assumptions, ...looseBound(result), ...result.sources].flatMap((sentence) =>
    hanging(sentence, WIDTH - labels - 2),
  );
  const lines = [
    ...wrapText(titleText(result), WIDTH),
    ...alignedTable(
      rows.flatMap(([label, text]) => wrapText(text, WIDTH - labels - 2).map((line, i) => [(i === 0 ? label : '').padEnd(labels), line])),
    ),
    ...rests.map((line, i) => `${(i === 0 ? 'rests on' : '').padEnd(labels)}  ${line}`),
  ].map((line) => cut(printable(line), WIDTH));
  if (page !== null) lines.push(printable(`${'page'.padEnd(labels)}  ${page}`));
  return `${lines.join('\n')}\n`;
}

const LINK_WORDS: Readonly<Record<LinkKindUse['kind'], string>> = { ici: 'links', pcie: 'host links', nic: 'network links' };

/** `all-to-all over tpu-v4:4x4x8: 128 devices, 67.1 MB each, fluid`. */
function titleText({ op, topology, groups, members, axes, bytesPerDevice, network, root, shift }: CollectiveResult): string {
  const who = groups === 1 ? `${members} devices` : `${groups} groups of ${members} devices along ${axes?.split('').join(' and ')}`;
  const from = root === null ? '' : `, from member ${root}`;
  const to = shift === null ? '' : `, to the member ${shift} on`;
  return `${op} over ${topology}: ${who}${from}${to}, ${formatArrayBytes(bytesPerDevice)} each, ${network}`;
}

function timeText({ seconds, latencySeconds, network }: CollectiveResult): string {
  if (seconds === 0) return '0 s: nothing leaves its device';
  const share = network === 'hop' ? '' : ` (${formatShare(latencySeconds / seconds)})`;
  return `${formatSeconds(seconds)}, of which latency of hops ${formatSeconds(latencySeconds)}${share}`;
}

function bandwidthText({ busBytesPerSecond, algorithmBytesPerSecond }: CollectiveResult): string {
  if (busBytesPerSecond === null || algorithmBytesPerSecond === null) return 'not known: nothing takes time';
  return `bus ${formatBytes(busBytesPerSecond)}/s, algorithm ${formatBytes(algorithmBytesPerSecond)}/s (nccl-tests)`;
}

function boundText({ lowerBoundSeconds, seconds, latencySeconds }: CollectiveResult): string {
  return `${formatSeconds(lowerBoundSeconds)}, which the wires allow without latency${ratioText(seconds, lowerBoundSeconds, latencySeconds)}`;
}

/** A large ratio comes from few bytes, and its digits say nothing about the wires. */
function ratioText(seconds: number, bound: number, latency: number): string {
  if (bound === 0) return '';
  if (seconds / bound < 100) return `; the time is ${(seconds / bound).toFixed(3)} of it`;
  return latency > seconds / 2 ? '; latency alone is more than that' : '; the time is more than 100 times it';
}

function useText({ count, min, mean, max }: LinkKindUse): string {
  const all = `${count.toLocaleString('en-US')} directed`;
  if (max - min < 5e-5) return `${all}, each used ${formatShare(max)}`;
  return `${all}, used ${formatShare(min)} to ${formatShare(max)}, ${formatShare(mean)} on average`;
}

function linkText(link: LinkUse, result: CollectiveResult): string {
  return `${linkName(link, result.wires)}: ${formatBytes(link.bytes)}, used ${formatShare(link.utilisation)}`;
}

/** Both, or all three, figures: how bytes are routed is rarely published. */
function routingRows({ routing, routings }: CollectiveResult): [string, string][] {
  if (routing === null) return [];
  const others =
    routings.length < 2 ? '' : `; alone on idle wires ${routings.map((one) => `${one.routing} ${formatSeconds(one.seconds)}`).join(', ')}`;
  return [['routing', `${routing}${others}`]];
}

function faultRows({ brokenLinks, slowLinks }: CollectiveResult): [string, string][] {
  const wires = brokenLinks.filter(({ direction }) => direction > 0).map(({ from, to }) => `${from}-${to}`);
  const slow = slowLinks.map(({ between: [a, b], factor }) => `${a}-${b} (${factor} times slower)`);
  return [
    ...(wires.length === 0 ? [] : [['broken', wires.join(', ')] as [string, string]]),
    ...(slow.length === 0 ? [] : [['slow', slow.join(', ')] as [string, string]]),
  ];
}

function trafficRows({ traffic, bytesPerDevice }: CollectiveResult): [string, string][] {
  if (traffic === null) return [];
  const times = (bytes: number): string => `${(bytes / bytesPerDevice).toFixed(2)} times the mean`;
  return [
    [
      'traffic',
      `${formatBytes(traffic.totalBytes)} in all, largest sender ${times(traffic.largestRowBytes)}, largest receiver ${times(traffic.largestColumnBytes)}`,
    ],
  ];
}

/** The second line of a sentence stands in. */
function hanging(sentence: string, width: number): string[] {
  return wrapText(sentence, width - 2).map((line, i) => (i === 0 ? line : `  ${line}`));
}

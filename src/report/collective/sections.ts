import {
  type CollectiveResult,
  formatArrayBytes,
  formatBytes,
  formatNumber,
  formatSeconds,
  formatShare,
  formatValue,
  type LinkKindUse,
  linkName,
} from '../../result/index.ts';
import { formatRatio } from '../format.ts';
import { type Html, html } from '../html.ts';
import { bullets, facts, section, table } from '../sections/markup.ts';

const MOST_LINKS = 12;
const KIND_WORDS: Readonly<Record<LinkKindUse['kind'], string>> = {
  ici: 'between chips',
  pcie: 'between chip and host',
  nic: 'between host and network',
};

/** One tile per number; its definition appears on hover and on keyboard focus. */
export function collectiveTiles(result: CollectiveResult, key: string): Html {
  const { seconds, lowerBoundSeconds, latencySeconds, busBytesPerSecond, algorithmBytesPerSecond, linkUtilisation, links } = result;
  const rate = (value: number | null): string => (value === null ? 'not known' : `${formatBytes(value)}/s`);
  const tiles: Tile[] = [
    ['Time', formatSeconds(seconds), 'From the start of all devices to the last byte at its place.', `${result.network} network`],
    [
      'Bus bandwidth',
      rate(busBytesPerSecond),
      'Bytes of one device over time, times the factor of the operation: what a link to the device would carry at least (nccl-tests).',
      'per device',
    ],
    ['Algorithm bandwidth', rate(algorithmBytesPerSecond), 'Bytes of one device over time (nccl-tests).', 'per device'],
    [
      'Lower bound',
      formatSeconds(lowerBoundSeconds),
      'No algorithm is faster on these wires: the fullest cut, or what a chip must take in. Latency is not in it.',
      boundNote(result),
    ],
    [
      'Latency of hops',
      formatSeconds(latencySeconds),
      'Hops of the longest way of each phase on idle wires; it does not shrink with the bytes.',
      seconds > 0 ? `${formatShare(latencySeconds / seconds)} of the time` : '',
    ],
    [
      'Busiest link',
      formatShare(linkUtilisation.max),
      'Bytes that the directed link carried, over what it could have carried in the whole time.',
      `of its bandwidth; ${formatNumber(links.count)} links`,
    ],
    [
      'Mean link',
      formatShare(linkUtilisation.mean),
      'Mean of that share over all directed links.',
      `idlest ${formatShare(linkUtilisation.min)}`,
    ],
  ];
  return html`<ul class="tiles">${tiles.map((tile, i) => tileMarkup(tile, `${key}-tip-${i}`))}</ul>`;
}

type Tile = readonly [label: string, value: string, definition: string, note: string];

function tileMarkup([label, value, definition, note]: Tile, id: string): Html {
  const at = value.indexOf(' ');
  const shown = at < 0 ? html`${value}` : html`${value.slice(0, at)} <small>${value.slice(at + 1)}</small>`;
  return html`<li class="tile"><button type="button" class="hint" aria-describedby="${id}">${label}</button><span class="tip" role="tooltip" id="${id}">${definition}</span>
<span class="value">${shown}</span><span class="note">${note}</span></li>`;
}

/** The busiest links by name, and each kind of link where there are several. */
export function busiestLinks(result: CollectiveResult, key: string): Html {
  const busiest = result.links.rows
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.utilisation - a.utilisation)
    .slice(0, MOST_LINKS);
  const links =
    busiest.length === 0
      ? html`<p>No link carries anything.</p>`
      : table(
          `The busiest of ${formatNumber(result.links.count)} directed links`,
          ['Link', 'Bytes', 'Used'],
          busiest.map((link) => [linkName(link, result.wires), formatBytes(link.bytes), formatShare(link.utilisation)]),
        );
  const kinds =
    result.linkKinds.length < 2
      ? null
      : table(
          'Links by what they join',
          ['Links', 'Directed', 'Idlest', 'Mean', 'Busiest'],
          result.linkKinds.map((use) => [
            KIND_WORDS[use.kind],
            formatNumber(use.count),
            formatShare(use.min),
            formatShare(use.mean),
            formatShare(use.max),
          ]),
        );
  return section(`${key}-links`, 'Busiest links', links, ...(kinds === null ? [] : [kinds]), ...faults(result));
}

/** Wires that are not as the shape asks for. */
function faults({ brokenLinks, slowLinks, wires }: CollectiveResult): Html[] {
  if (brokenLinks.length + slowLinks.length === 0) return [];
  const broken = brokenLinks.filter(({ direction }) => direction > 0).map((link) => ['broken', linkName(link, wires)]);
  const slow = slowLinks.map(({ between: [a, b], factor }) => [`${formatNumber(factor)} times slower`, `chip ${a} to chip ${b}`]);
  return [table('Wires that are broken or slow, in both directions', ['State', 'Wire'], [...broken, ...slow], [1])];
}

/** What was asked for, in full. */
export function requestFacts(result: CollectiveResult, key: string): Html {
  const { wires, traffic, groups, members, axes } = result;
  const optional = (label: string, value: string | number | null): [string, string][] => (value === null ? [] : [[label, String(value)]]);
  return section(
    `${key}-request`,
    'What was asked for',
    facts([
      ['Operation', result.op],
      ['Topology', `${result.topology}: ${formatNumber(wires.chips)} chips, ${formatNumber(wires.devices)} devices`],
      [
        'Groups',
        groups === 1
          ? `one of ${formatNumber(members)} devices`
          : `${formatNumber(groups)} of ${formatNumber(members)} devices, along ${axes?.split('').join(' and ') ?? ''}`,
      ],
      ['Bytes of one device', `${formatArrayBytes(result.bytesPerDevice)} (${formatNumber(Math.round(result.bytesPerDevice))} B)`],
      ...(traffic === null ? [] : [['Traffic', trafficWords(result, traffic)] as [string, string]]),
      ['Network model', result.network],
      ...optional('Routing', result.routing),
      ...optional('Root', result.root),
      ...optional('Shift', result.shift),
      ...(result.chunkBytes === null ? [] : [['Chunks', formatArrayBytes(result.chunkBytes)] as [string, string]]),
      ['Link', `${formatBytes(wires.linkBytesPerSecond)}/s in each direction, ${formatSeconds(wires.hopLatencySeconds)} per hop`],
    ]),
  );
}

function trafficWords(
  { bytesPerDevice }: CollectiveResult,
  { totalBytes, largestRowBytes, largestColumnBytes, scaled }: NonNullable<CollectiveResult['traffic']>,
): string {
  const times = (bytes: number): string => formatRatio(bytes / bytesPerDevice);
  return `${formatBytes(totalBytes)} between devices${scaled ? ', scaled' : ''}; the largest sender has ${times(largestRowBytes)} the mean, the largest receiver ${times(largestColumnBytes)}`;
}

export function collectiveGround(result: CollectiveResult, key: string): Html[] {
  const { provenance, wallSeconds, events, fingerprint } = result;
  return [
    section(`${key}-assumptions`, 'Assumptions and limits', bullets(result.assumptions)),
    section(
      `${key}-provenance`,
      'Provenance',
      facts([
        ['Version', provenance.version],
        ['Fingerprint', html`<code>${fingerprint}</code>`],
        [
          'Ran',
          `${provenance.startedAt}, ${formatValue(wallSeconds, 's')} of wall time, ${formatNumber(events)} events, Node ${provenance.node}`,
        ],
        ['Data', result.sources.length === 0 ? 'none' : bullets(result.sources)],
      ]),
    ),
  ];
}

/** A large ratio comes from few bytes, and its digits say nothing about the wires. */
function boundNote({ seconds, lowerBoundSeconds: bound, latencySeconds }: CollectiveResult): string {
  if (bound === 0) return 'nothing must move';
  if (seconds / bound < 100) return `the time is ${formatRatio(seconds / bound)} of it`;
  return latencySeconds > seconds / 2 ? 'latency alone is more than that' : 'the time is more than 100 times it';
}

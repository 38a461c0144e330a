import {
  type CollectiveResult,
  formatArrayBytes,
  formatBytes,
  formatNumber,
  formatSeconds,
  formatShare,
  linkName,
} from '../../result/index.ts';
import type { Article } from '../article.ts';
import { formatRatio } from '../format.ts';
import { type Html, html, unbroken } from '../html.ts';
import { figures } from '../sections/figure.ts';
import { section } from '../sections/markup.ts';
import { linkMap } from './link-map.ts';
import { busiestLinks, collectiveGround, collectiveTiles, requestFacts } from './sections.ts';
import { times } from './times.ts';
import { useHistogram } from './use-histogram.ts';

/** The page of one collective: the answer, its numbers, what every link carried, and what it rests on. */
export function collectiveArticle(result: CollectiveResult, key: string): Article {
  const charts = [linkMap, useHistogram, times].flatMap((chart) => chart(result) ?? []);
  const keyed = charts.map((spec) => [`${key}-${spec.id}`, spec] as const);
  const contents: [string, string][] = [
    [`${key}-numbers`, 'Numbers'],
    ...(keyed.length === 0 ? [] : ([[`${key}-charts`, 'Charts']] as [string, string][])),
    [`${key}-links`, 'Busiest links'],
    [`${key}-request`, 'Request'],
    [`${key}-assumptions`, 'Assumptions'],
    [`${key}-provenance`, 'Provenance'],
  ];
  const title = `${result.op} over ${result.topology}`;
  const body = html`<header><p class="eyebrow"><b>Switchyard</b> · simulated TPU pod · collective</p>
<h1>${title}</h1><p class="answer">${{ html: unbroken(answer(result).html) }}</p>
<nav class="contents" aria-label="Contents">${contents.map(([id, label]) => html`<a href="#${id}">${label}</a>`)}</nav></header>
${section(`${key}-numbers`, 'Numbers', collectiveTiles(result, key))}
${keyed.length === 0 ? null : section(`${key}-charts`, 'Charts', figures(keyed))}
${busiestLinks(result, key)}
${requestFacts(result, key)}
${collectiveGround(result, key)}`;
  return { title, body, figures: Object.fromEntries(keyed) };
}

/** How long, how near to the bound, and which link holds it up. */
function answer(result: CollectiveResult): Html {
  const { seconds, lowerBoundSeconds, busBytesPerSecond, busiestLink, groups, members } = result;
  const who =
    groups === 1 ? `${formatNumber(members)} devices` : `${formatNumber(groups)} groups of ${formatNumber(members)} devices at once`;
  const bytes = `${formatArrayBytes(result.bytesPerDevice)} per device`;
  if (seconds === 0) return html`Nothing leaves its device: with ${bytes} on ${who} the operation takes no time on the wires.`;
  const bus = busBytesPerSecond === null ? '' : `, ${formatBytes(busBytesPerSecond)}/s of bus bandwidth`;
  const bound = lowerBoundSeconds > 0 ? html` That is <b>${formatRatio(seconds / lowerBoundSeconds)}</b> the bound of the wires.` : null;
  const held =
    busiestLink === null
      ? null
      : html` The busiest link, ${linkName(busiestLink, result.wires)}, is used ${formatShare(busiestLink.utilisation)}; latency of hops is ${formatShare(result.latencySeconds / seconds)} of the time.`;
  return html`With ${bytes}, ${who} take <b>${formatSeconds(seconds)}</b>${bus}.${bound}${held}`;
}

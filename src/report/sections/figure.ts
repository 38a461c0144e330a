import type { ChartSpec } from '../chart-spec.ts';
import { type Html, html, unbroken } from '../html.ts';

/** Charts in their order; a half that would stand alone in its row gets all of it. */
export function figures(keyed: readonly (readonly [key: string, spec: ChartSpec])[]): Html {
  const alone = loneHalves(keyed.map(([, spec]) => spec));
  return html`<div class="figures">${keyed.map(([key, spec], i) => figure(alone.has(i) ? { ...spec, width: 'full' } : spec, key))}</div>`;
}

/** The last of every odd run of halves. */
function loneHalves(specs: readonly ChartSpec[]): ReadonlySet<number> {
  const alone = new Set<number>();
  let inRow = 0;
  for (const [i, { width }] of specs.entries()) {
    inRow = width === 'half' ? inRow + 1 : 0;
    if (inRow % 2 === 1 && specs[i + 1]?.width !== 'half') alone.add(i);
  }
  return alone;
}

/** A chart's place on the page. The script finds it by `data-figure`, draws into `.plot` and fills controls, legend and table. */
function figure(spec: ChartSpec, key: string): Html {
  return html`<figure id="${key}" data-figure="${key}" class="${spec.width}"><figcaption><h3>${spec.title}</h3>
<p class="finding">${unbroken(spec.views[0]?.finding ?? '')}</p><p>${spec.shows}</p></figcaption>
<div class="controls"></div><ul class="legend"></ul><div class="plot"><noscript><p>The picture needs JavaScript; the numbers above do not.</p></noscript></div>
<details class="twin"><summary>The same numbers as a table</summary></details></figure>`;
}

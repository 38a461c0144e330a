import type { ChartSpec } from '../chart-spec.ts';
import { type Html, html, unbroken } from '../html.ts';

/** A chart's place on the page. The script finds it by `data-figure`, draws into `.plot` and fills controls, legend and table. */
export function figure(spec: ChartSpec, key: string): Html {
  return html`<figure id="${key}" data-figure="${key}" class="${spec.width}"><figcaption><h3>${spec.title}</h3>
<p class="finding">${unbroken(spec.views[0]?.finding ?? '')}</p><p>${spec.shows}</p></figcaption>
<div class="controls"></div><ul class="legend"></ul><div class="plot"><noscript><p>The picture needs JavaScript; the numbers above do not.</p></noscript></div>
<details class="twin"><summary>The same numbers as a table</summary></details></figure>`;
}

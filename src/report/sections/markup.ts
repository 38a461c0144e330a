import { type Html, html } from '../html.ts';

/** A cell is text, or markup with a class of its own. */
export type TableCell = string | { readonly cell: Html; readonly className: string };

/** A table that scrolls sideways in its own box, so that the page never does; the first column heads its row. */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly TableCell[])[],
  textColumns: readonly number[] = [],
): Html {
  const isText = (column: number): string => (textColumns.includes(column) ? 'text' : '');
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${head.map((label, i) => html`<th scope="col" class="${isText(i)}">${label}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((cell, i) =>
        i === 0 ? html`<th scope="row">${inner(cell)}</th>` : html`<td class="${className(cell, isText(i))}">${inner(cell)}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}

/** Term and description pairs. */
export function facts(pairs: readonly (readonly [string, string | Html])[]): Html {
  return html`<dl class="facts">${pairs.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>`;
}

export function bullets(items: readonly (string | Html)[]): Html {
  return html`<ul class="plain">${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

export function section(id: string, title: string, ...body: readonly Html[]): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${body}</section>`;
}

function inner(cell: TableCell): Html | string {
  return typeof cell === 'string' ? cell : cell.cell;
}

function className(cell: TableCell, base: string): string {
  return typeof cell === 'string' ? base : `${base} ${cell.className}`.trim();
}

import type { ReferenceLine } from '../report/index.ts';
import { element } from './elements.ts';

/** Fills a figure's legend: one entry per colour or dashed line and one per reference line. */
export function fillLegend(
  legend: HTMLElement,
  entries: readonly { readonly label: string; readonly colour: string; readonly dashed?: boolean }[],
  references: readonly ReferenceLine[],
  limitColour: string,
): void {
  legend.replaceChildren(
    ...entries.map(({ label, colour, dashed }) => (dashed === true ? line(colour, label) : item('swatch', `background:${colour}`, label))),
    ...references.map(({ label }) => line(limitColour, label)),
  );
}

function line(colour: string, label: string): HTMLElement {
  return item('swatch line', `border-color:${colour}`, label);
}

function item(kind: string, style: string, label: string): HTMLElement {
  return element('li', {}, element('i', { class: kind, style }), label);
}

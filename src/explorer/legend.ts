import type { ReferenceLine } from '../report/index.ts';
import { element } from './elements.ts';

/** Fills a figure's legend: one entry per colour and one per reference line. */
export function fillLegend(
  legend: HTMLElement,
  entries: readonly { readonly label: string; readonly colour: string }[],
  references: readonly ReferenceLine[],
  limitColour: string,
): void {
  legend.replaceChildren(
    ...entries.map((entry) => item('swatch', `background:${entry.colour}`, entry.label)),
    ...references.map((line) => item('swatch line', `border-color:${limitColour}`, line.label)),
  );
}

function item(kind: string, style: string, label: string): HTMLElement {
  return element('li', {}, element('i', { class: kind, style }), label);
}

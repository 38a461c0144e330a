import { element } from './elements.ts';
import type { Paint } from './theme.ts';

/** The key of a heat map: a bar of its colours from 0 to the largest value. */
export function heatScale(paint: Paint, top: string): HTMLElement {
  const stops = Array.from({ length: 9 }, (_, i) => paint.heat(i / 8)).join(',');
  return element('div', { class: 'scale' }, '0', element('i', { style: `background:linear-gradient(to right,${stops})` }), top);
}

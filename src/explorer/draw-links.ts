import type { LinksView } from '../report/index.ts';
import { formatValue } from '../result/index.ts';
import type { Canvas, Draw } from './drawing.ts';
import { element, svgElement } from './elements.ts';
import { heatScale } from './heat-scale.ts';
import { addHover } from './hover.ts';
import { type Arrow, CHIP, type Places, placeLinks } from './link-places.ts';

/** More arrows than this cannot be told apart, and would make the page slow. */
const MOST_ARROWS = 2_500;
const SHAFT = 7;
const HEAD = 8;
/** A picture is never drawn smaller than this share of its own size: names of chips stay readable. */
const LEAST_SCALE = 0.6;

/** Chips as squares and each directed link as an arrow whose colour says how much it carried. */
export const drawLinks: Draw<LinksView> = (canvas) => {
  const { view, plot, paint } = canvas;
  canvas.legend.replaceChildren();
  if (view.table.rows.length > MOST_ARROWS) {
    plot.append(`${view.table.rows.length} links are too many for a picture; the table below has them all.`);
    return { remove: () => {} };
  }
  const places = placeLinks(view);
  const picture = draw(canvas, places);
  const unit = view.table.columns[view.value]?.unit ?? '';
  // A large grid scrolls in its own box, where the page is too narrow to read its chips.
  const box = element(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Picture: ${canvas.spec.title}, ${view.label}` },
    picture,
  );
  plot.append(box, heatScale(paint, formatValue(view.top, unit)));
  const unhover = addHover(plot, picture, (event) => {
    const row = event.target instanceof Element ? event.target.getAttribute('data-row') : null;
    return row === null ? null : describe(view, Number(row));
  });
  return { remove: unhover };
};

function draw(canvas: Canvas<LinksView>, places: Places): SVGSVGElement {
  const { view, paint, spec } = canvas;
  const picture = svgElement('svg', {
    viewBox: `0 0 ${places.width} ${places.height}`,
    width: places.width,
    style: `min-width:${Math.round(places.width * LEAST_SCALE)}px`,
    role: 'img',
    'aria-label': `${spec.title}, ${view.label}. ${view.finding}`,
  });
  for (const arrow of places.arrows) {
    const value = view.table.rows[arrow.row]?.[view.value];
    const look: Readonly<Record<string, string | number>> =
      typeof value === 'number'
        ? { fill: paint.heat(view.top > 0 ? value / view.top : 0), stroke: paint.page.line, 'stroke-width': 0.75 }
        : { fill: paint.page.card, stroke: paint.role('limit'), 'stroke-width': 1.5, 'stroke-dasharray': '4 3' };
    picture.append(svgElement('path', { d: arrowPath(arrow), ...look, 'data-row': arrow.row }));
  }
  for (const { text, at } of places.names) {
    picture.append(svgElement('text', { x: at.x, y: at.y, 'font-size': 15, fill: paint.page.muted }, text));
  }
  places.chips.forEach((chip, index) => {
    const frame = { x: chip.x - CHIP / 2, y: chip.y - CHIP / 2, width: CHIP, height: CHIP, rx: 7 };
    picture.append(svgElement('rect', { ...frame, fill: paint.page.paper, stroke: paint.page.muted }));
    const text = { 'text-anchor': 'middle', 'font-size': 15, fill: paint.page.ink };
    picture.append(svgElement('text', { ...text, x: chip.x, y: chip.y + (view.devicesPerChip > 1 ? 0 : 5) }, String(index)));
    if (view.devicesPerChip > 1) {
      const first = index * view.devicesPerChip;
      const devices = `d${first}–${first + view.devicesPerChip - 1}`;
      picture.append(svgElement('text', { ...text, 'font-size': 10, fill: paint.page.muted, x: chip.x, y: chip.y + 14 }, devices));
    }
  });
  return picture;
}

/** A filled arrow from `from` to `to`. */
function arrowPath({ from, to }: Arrow): string {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const at = (along: number, across: number): string =>
    `${(from.x + ux * along - uy * across).toFixed(1)} ${(from.y + uy * along + ux * across).toFixed(1)}`;
  const half = SHAFT / 2;
  const neck = length - HEAD;
  const corners = [at(0, -half), at(neck, -half), at(neck, -half - 2.5), at(length, 0), at(neck, half + 2.5), at(neck, half), at(0, half)];
  return `M${corners.join('L')}Z`;
}

function describe(view: LinksView, row: number): readonly string[] {
  const cells = view.table.rows[row] ?? [];
  const said = [view.from, view.to, view.axis, view.direction];
  const sign = view.direction === undefined ? '' : Number(cells[view.direction]) > 0 ? '+' : '−';
  const others = view.table.columns.flatMap(({ label, unit }, column) => {
    const cell = cells[column];
    return said.includes(column) ? [] : [`${label}: ${typeof cell === 'number' ? formatValue(cell, unit) : cell}`];
  });
  return [`chip ${cells[view.from]} to chip ${cells[view.to]} (${cells[view.axis]}${sign})`, ...others];
}

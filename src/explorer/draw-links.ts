import type { LinksView } from '../report/index.ts';
import { formatShare, formatValue } from '../result/index.ts';
import type { Canvas, Draw } from './drawing.ts';
import { svgElement } from './elements.ts';
import { heatScale } from './heat-scale.ts';
import { addHover } from './hover.ts';
import { type Arrow, CHIP, type Places, placeLinks } from './link-places.ts';

/** More arrows than this cannot be told apart, and would make the page slow. */
const MOST_ARROWS = 2_500;
const SHAFT = 7;
const HEAD = 8;

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
  plot.append(picture, heatScale(paint, formatValue(view.top, unit)));
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
    role: 'img',
    'aria-label': `${spec.title}, ${view.label}. ${view.finding}`,
  });
  for (const arrow of places.arrows) {
    const value = Number(view.table.rows[arrow.row]?.[view.value]);
    const share = view.top > 0 ? value / view.top : 0;
    picture.append(
      svgElement('path', {
        d: arrowPath(arrow),
        fill: paint.heat(share),
        stroke: paint.page.line,
        'stroke-width': 0.75,
        'data-row': arrow.row,
      }),
    );
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
  const [from, to, axis, bytes, busy, share] = view.table.rows[row] ?? [];
  return [
    `chip ${from} to chip ${to} (${axis})`,
    `${formatValue(Number(bytes), 'B')} in one step`,
    `busy ${formatValue(Number(busy), 's')}, ${formatShare(Number(share))} of the step`,
  ];
}

import type { PlanesView } from '../report/index.ts';
import { formatValue } from '../result/index.ts';
import type { Canvas, Draw } from './drawing.ts';
import { element, sharpContext } from './elements.ts';
import { heatScale } from './heat-scale.ts';
import { addHover } from './hover.ts';
import { type CellPlaces, placeCells } from './plane-places.ts';

/** Panels in one row, where the page is wide enough, and the narrowest that is still worth reading. */
const PANELS_IN_ROW = 3;
const NARROWEST = 240;
const GAP = 22;
const LARGEST_CELL = 22;

/** One panel per direction, one cell per chip, painted as an image: tens of thousands of links stay quick. */
export const drawPlanes: Draw<PlanesView> = (canvas) => {
  const { view, plot, paint } = canvas;
  canvas.legend.replaceChildren();
  const places = placeCells(view);
  const panels = view.table.columns.slice(1).map((column, i) => createPanel(canvas, places, column.label, i + 1));
  const all = element('div', { class: 'panels' }, ...panels.map(({ box }) => box));
  plot.append(all, heatScale(paint, formatValue(view.top, 'fraction')));
  let cell = 0;
  const paintAll = (): void => {
    cell = cellSize(plot.clientWidth, places, panels.length);
    for (const panel of panels) panel.paint(cell);
  };
  paintAll();
  const resized = new ResizeObserver(() => {
    // In the next frame: painting changes the size that is being observed.
    if (cellSize(plot.clientWidth, places, panels.length) !== cell) requestAnimationFrame(paintAll);
  });
  resized.observe(plot);
  const unhover = addHover(plot, all, (event) => {
    const under = panels.find(({ sheet }) => sheet === event.target);
    return under === undefined ? null : describe(view, places, cell, under.sheet, event, under.column);
  });
  return {
    remove() {
      resized.disconnect();
      unhover();
    },
  };
};

/** Pixels of one cell: whole ones, so that planes stay sharp, unless there is less than one. */
function cellSize(width: number, { columns }: CellPlaces, panels: number): number {
  const inRow = Math.max(1, Math.min(PANELS_IN_ROW, panels, Math.floor((width + GAP) / (NARROWEST + GAP))));
  const room = (width - (inRow - 1) * GAP - 2) / inRow / columns;
  return Math.min(LARGEST_CELL, room >= 1 ? Math.floor(room) : room);
}

function createPanel(canvas: Canvas<PlanesView>, places: CellPlaces, name: string, column: number) {
  const { spec, view } = canvas;
  const sheet = element('canvas', { role: 'img', 'aria-label': `${spec.title}, direction ${name}. ${view.finding}` });
  const box = element('div', {}, element('p', { class: 'name' }, name), sheet);
  return { box, sheet, column, paint: (cell: number) => paintPanel(canvas, places, sheet, column, cell) };
}

function paintPanel({ view, paint }: Canvas<PlanesView>, places: CellPlaces, sheet: HTMLCanvasElement, column: number, cell: number): void {
  const context = sharpContext(sheet, places.columns * cell + 2, places.rows * cell + 2);
  context.strokeStyle = paint.page.line;
  for (const { x, y } of places.planes) {
    context.strokeRect(x * cell + 0.5, y * cell + 0.5, places.planeColumns * cell + 1, places.planeRows * cell + 1);
  }
  // A hairline parts cells that have room for it.
  const size = cell >= 6 ? cell - 1 : cell;
  for (const [chip, cells] of view.table.rows.entries()) {
    const value = cells[column];
    if (value === '') continue;
    const { x, y } = places.cellOf(chip);
    if (typeof value === 'number') {
      context.fillStyle = paint.heat(view.top > 0 ? value / view.top : 0);
      context.fillRect(x * cell + 1, y * cell + 1, size, size);
    } else cross(context, x * cell + 1, y * cell + 1, size, paint.role('limit'));
  }
}

/** A cell of a wire that is broken. */
function cross(context: CanvasRenderingContext2D, x: number, y: number, size: number, colour: string): void {
  context.save();
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1, size / 6);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + size, y + size);
  context.moveTo(x + size, y);
  context.lineTo(x, y + size);
  context.stroke();
  context.restore();
}

function describe(
  { table, shape }: PlanesView,
  places: CellPlaces,
  cell: number,
  sheet: HTMLCanvasElement,
  event: PointerEvent,
  column: number,
): readonly string[] | null {
  const area = sheet.getBoundingClientRect();
  const chip = places.chipAt(Math.floor((event.clientX - area.left - 1) / cell), Math.floor((event.clientY - area.top - 1) / cell));
  const value = chip === null ? '' : (table.rows[chip]?.[column] ?? '');
  if (chip === null || value === '') return null;
  let rest = chip;
  const at = shape.map((side) => {
    const coordinate = rest % side;
    rest = (rest - coordinate) / side;
    return coordinate;
  });
  const { label, unit } = table.columns[column] ?? { label: '', unit: '' };
  return [`chip ${chip} (${at.join(',')}), ${label}`, typeof value === 'number' ? `used ${formatValue(value, unit)}` : value];
}

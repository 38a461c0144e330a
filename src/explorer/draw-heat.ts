import type { HeatView } from '../report/index.ts';
import { formatValue } from '../result/index.ts';
import type { Canvas, Draw } from './drawing.ts';
import { element, sharpContext } from './elements.ts';
import { heatScale } from './heat-scale.ts';
import { addHover } from './hover.ts';
import { inkOn } from './theme.ts';

const FONT_PIXELS = 12;
/** Between two names of an axis. */
const NAME_ROOM = 15;
const TALLEST = 440;
const HEAD = 22;
const FOOT = 42;
const GAP = 8;

interface Places {
  readonly left: number;
  readonly width: number;
  readonly height: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
}

/** A rectangle of coloured cells with names at its sides, the numbers in those cells that have the room, and a note behind each row. */
export const drawHeat: Draw<HeatView> = (canvas) => {
  const { view, spec } = canvas;
  const sheet = element('canvas', { role: 'img', 'aria-label': `${spec.title}, ${view.label}. ${view.finding}` });
  canvas.legend.replaceChildren();
  canvas.plot.append(sheet, heatScale(canvas.paint, formatValue(view.top, view.unit)));
  let width = 0;
  let places: Places | null = null;
  const paintAll = (): void => {
    width = canvas.plot.clientWidth;
    places = paint(canvas, sheet, width);
  };
  paintAll();
  const resized = new ResizeObserver(() => {
    // In the next frame: painting changes the size that is being observed.
    if (canvas.plot.clientWidth !== width) requestAnimationFrame(paintAll);
  });
  resized.observe(canvas.plot);
  const unhover = addHover(canvas.plot, sheet, (event) => {
    if (places === null) return null;
    const area = sheet.getBoundingClientRect();
    const column = Math.floor((event.clientX - area.left - places.left) / places.cellWidth);
    const row = Math.floor((event.clientY - area.top - HEAD) / places.cellHeight);
    const value = view.table.rows[row]?.[column + 1];
    if (column < 0 || typeof value !== 'number') return null;
    return [
      `${view.rowAxis} ${view.table.rows[row][0]}, ${view.columnAxis.toLowerCase()} ${view.table.columns[column + 1].label}`,
      formatValue(value, view.unit),
    ];
  });
  return {
    remove() {
      resized.disconnect();
      unhover();
    },
  };
};

function paint(canvas: Canvas<HeatView>, sheet: HTMLCanvasElement, width: number): Places {
  const { view, paint: colours } = canvas;
  const { rows, columns } = view.table;
  const font = `${FONT_PIXELS}px ${getComputedStyle(canvas.plot).fontFamily}`;
  const measured = sharpContext(sheet, width, 1);
  measured.font = font;
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => measured.measureText(text).width));
  const most = Math.max(60, width * 0.24);
  const left = 20 + Math.min(most, widest(rows.map((row) => String(row[0])))) + GAP;
  const right = Math.min(most, widest([view.notes.title, ...view.notes.rows])) + 2 * GAP;
  const cellHeight = Math.min(rows.length <= 8 ? 34 : 22, TALLEST / rows.length);
  const cellWidth = (width - left - right) / (columns.length - 1);
  const height = cellHeight * rows.length;
  const places: Places = { left, width: width - left - right, height, cellWidth, cellHeight };
  const context = sharpContext(sheet, width, HEAD + height + FOOT);
  context.font = font;
  cells(canvas, context, places);
  context.strokeStyle = colours.page.line;
  context.strokeRect(left - 0.5, HEAD - 0.5, places.width + 1, height + 1);
  context.fillStyle = colours.page.muted;
  names(canvas, context, places, { most, right });
  return places;
}

function cells({ view, paint: colours }: Canvas<HeatView>, context: CanvasRenderingContext2D, places: Places): void {
  const { left, cellWidth, cellHeight } = places;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  // Cells that are large enough stand apart.
  const seam = cellWidth >= 10 && cellHeight >= 10 ? 1 : 0;
  for (const [y, row] of view.table.rows.entries()) {
    for (const [x, cell] of row.slice(1).entries()) {
      const rgb = colours.heatRgb(view.top > 0 ? Number(cell) / view.top : 0);
      const hex = `#${rgb.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
      context.fillStyle = hex;
      // Whole pixels, or seams of the card would shine through.
      const [from, to] = [Math.round(left + x * cellWidth), Math.round(left + (x + 1) * cellWidth)];
      const [top, bottom] = [Math.round(HEAD + y * cellHeight), Math.round(HEAD + (y + 1) * cellHeight)];
      context.fillRect(from, top, to - from - seam, bottom - top - seam);
      const text = formatValue(Number(cell), view.unit);
      if (cellHeight < NAME_ROOM || context.measureText(text).width > cellWidth - 6) continue;
      context.fillStyle = inkOn(hex);
      context.fillText(text, (from + to) / 2, (top + bottom) / 2);
    }
  }
}

function names(
  { view, paint: colours }: Canvas<HeatView>,
  context: CanvasRenderingContext2D,
  { left, width, height, cellWidth, cellHeight }: Places,
  { most, right }: { readonly most: number; readonly right: number },
): void {
  const { rows, columns } = view.table;
  context.textBaseline = 'middle';
  const everyRow = Math.ceil(NAME_ROOM / cellHeight);
  for (let row = 0; row < rows.length; row += everyRow) {
    const at = HEAD + (row + 0.5) * cellHeight;
    context.textAlign = 'right';
    context.fillStyle = colours.page.muted;
    context.fillText(shortened(context, String(rows[row][0]), most), left - GAP, at);
    context.textAlign = 'left';
    context.fillStyle = colours.page.ink;
    context.fillText(shortened(context, view.notes.rows[row] ?? '', right - GAP), left + width + GAP, at);
  }
  context.fillStyle = colours.page.muted;
  context.fillText(shortened(context, view.notes.title, right - GAP), left + width + GAP, HEAD / 2);
  const labels = columns.slice(1).map(({ label }) => label);
  const room = Math.max(...labels.map((label) => context.measureText(label).width)) + 10;
  const everyColumn = Math.ceil(room / cellWidth);
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (let column = 0; column < labels.length; column += everyColumn)
    context.fillText(labels[column], left + (column + 0.5) * cellWidth, HEAD + height + 6);
  context.textBaseline = 'bottom';
  context.fillText(view.columnAxis, left + width / 2, HEAD + height + FOOT - 2);
  context.translate(10, HEAD + height / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = 'middle';
  if (context.measureText(view.rowAxis).width <= height) context.fillText(view.rowAxis, 0, 0);
}

function shortened(context: CanvasRenderingContext2D, text: string, room: number): string {
  let end = text.length;
  const shown = (): string => (end === text.length ? text : `${text.slice(0, end)}…`);
  while (end > 1 && context.measureText(shown()).width > room) end--;
  return shown();
}

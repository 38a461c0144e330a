import type { MatrixView } from '../report/index.ts';
import { formatValue } from '../result/index.ts';
import type { Canvas, Draw } from './drawing.ts';
import { element, sharpContext } from './elements.ts';
import { heatScale } from './heat-scale.ts';
import { addHover } from './hover.ts';

const LARGEST = 470;
const MARGIN = { left: 46, top: 8, right: 8, bottom: 42 };

/** One cell per number, painted as an image, so that a thousand by a thousand stays quick. */
export const drawMatrix: Draw<MatrixView> = (canvas) => {
  const { view, spec } = canvas;
  const sheet = element('canvas', { role: 'img', 'aria-label': `${spec.title}, ${view.label}. ${view.finding}`, style: 'margin:0 auto' });
  canvas.legend.replaceChildren();
  canvas.plot.append(sheet, heatScale(canvas.paint, formatValue(view.top, view.unit)));
  let side = 0;
  const paintAll = (): void => {
    side = Math.min(LARGEST, canvas.plot.clientWidth) - MARGIN.left - MARGIN.right;
    paint(canvas, sheet, side);
  };
  paintAll();
  const resized = new ResizeObserver(() => {
    const wanted = Math.min(LARGEST, canvas.plot.clientWidth) - MARGIN.left - MARGIN.right;
    // In the next frame: painting changes the size that is being observed.
    if (wanted !== side) requestAnimationFrame(paintAll);
  });
  resized.observe(canvas.plot);
  const unhover = addHover(canvas.plot, sheet, (event) => {
    const area = sheet.getBoundingClientRect();
    const cell = side / view.table.rows.length;
    const column = Math.floor((event.clientX - area.left - MARGIN.left) / cell);
    const row = Math.floor((event.clientY - area.top - MARGIN.top) / cell);
    const value = view.table.rows[row]?.[column + 1];
    if (column < 0 || typeof value !== 'number') return null;
    return [
      `${view.rowAxis} ${labelOf(view, row)} to ${view.columnAxis.toLowerCase()} ${labelOf(view, column)}`,
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

function paint(canvas: Canvas<MatrixView>, sheet: HTMLCanvasElement, side: number): void {
  const { view, paint: colours } = canvas;
  const context = sharpContext(sheet, side + MARGIN.left + MARGIN.right, side + MARGIN.top + MARGIN.bottom);
  context.imageSmoothingEnabled = false;
  context.drawImage(cells(canvas), MARGIN.left, MARGIN.top, side, side);
  context.strokeStyle = colours.page.line;
  context.strokeRect(MARGIN.left - 0.5, MARGIN.top - 0.5, side + 1, side + 1);
  context.fillStyle = colours.page.muted;
  context.font = `12px ${getComputedStyle(canvas.plot).fontFamily}`;
  const n = view.table.rows.length;
  const every = [1, 2, 4, 8, 16, 32, 64, 128, 256].find((step) => n / step <= 9) ?? n;
  for (let i = 0; i < n; i += every) {
    const at = ((i + 0.5) * side) / n;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    context.fillText(tickOf(view, i), MARGIN.left + at, MARGIN.top + side + 6);
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    context.fillText(tickOf(view, i), MARGIN.left - 6, MARGIN.top + at);
  }
  context.textAlign = 'center';
  context.textBaseline = 'bottom';
  context.fillText(view.columnAxis, MARGIN.left + side / 2, MARGIN.top + side + MARGIN.bottom - 2);
  context.translate(12, MARGIN.top + side / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = 'middle';
  context.fillText(view.rowAxis, 0, 0);
}

/** What a row, and the column of the same number, stands for: a device, or a range of devices. */
function labelOf({ table }: MatrixView, row: number): string {
  return String(table.rows[row]?.[0] ?? row);
}

/** The first device alone: a range has no room on an axis. */
function tickOf(view: MatrixView, row: number): string {
  return labelOf(view, row).split('-')[0] ?? '';
}

/** One pixel per number. */
function cells(canvas: Canvas<MatrixView>): HTMLCanvasElement {
  const { view, paint: colours } = canvas;
  const n = view.table.rows.length;
  const sheet = element('canvas', { width: String(n), height: String(n) });
  const context = sheet.getContext('2d');
  if (context === null) throw new Error('this browser gives no 2-D canvas');
  const image = context.createImageData(n, n);
  view.table.rows.forEach((row, y) => {
    for (let x = 0; x < n; x++) {
      const [red, green, blue] = colours.heatRgb(view.top > 0 ? Number(row[x + 1]) / view.top : 0);
      image.data.set([red, green, blue, 255], (y * n + x) * 4);
    }
  });
  context.putImageData(image, 0, 0);
  return sheet;
}

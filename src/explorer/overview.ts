import type { SpansView } from '../report/index.ts';
import { element, sharpContext } from './elements.ts';
import type { Paint } from './theme.ts';
import type { TimeWindow } from './window.ts';

const HEIGHT = 30;

export interface Overview {
  readonly show: (window: TimeWindow) => void;
  readonly remove: () => void;
}

/** The whole step in one strip, with the window marked; dragging moves it. The sliders do the same for the keyboard. */
export function overview(
  plot: HTMLElement,
  view: SpansView,
  paint: Paint,
  colours: ReadonlyMap<string, string>,
  total: number,
  onCentre: (time: number) => void,
): Overview {
  const sheet = element('canvas', { class: 'overview', 'aria-hidden': 'true' });
  plot.append(sheet);
  let shown: TimeWindow = { start: 0, end: total };
  const draw = (): void => {
    const width = plot.clientWidth;
    const context = sharpContext(sheet, width, HEIGHT);
    const rowHeight = HEIGHT / view.tracks.length;
    for (const row of view.table.rows) {
      const [start, end] = [Number(row[view.start]), Number(row[view.end])];
      context.fillStyle = colours.get(String(row[view.group])) ?? paint.role('other');
      const track = view.tracks.indexOf(String(row[view.track]));
      context.fillRect((start / total) * width, track * rowHeight, Math.max(0.4, ((end - start) / total) * width), rowHeight - 1);
    }
    context.fillStyle = paint.theme === 'dark' ? 'rgb(18 21 24 / .72)' : 'rgb(252 252 250 / .76)';
    const [left, right] = [(shown.start / total) * width, (shown.end / total) * width];
    context.fillRect(0, 0, left, HEIGHT);
    context.fillRect(right, 0, width - right, HEIGHT);
    context.strokeStyle = paint.page.ink;
    context.lineWidth = 1.5;
    context.strokeRect(left + 0.75, 0.75, Math.max(2, right - left - 1.5), HEIGHT - 1.5);
  };
  const drag = (event: PointerEvent): void => {
    if (event.buttons !== 1) return;
    const area = sheet.getBoundingClientRect();
    onCentre(((event.clientX - area.left) / area.width) * total);
  };
  sheet.addEventListener('pointerdown', (event) => {
    sheet.setPointerCapture(event.pointerId);
    drag(event);
  });
  sheet.addEventListener('pointermove', drag);
  const resized = new ResizeObserver(() => requestAnimationFrame(draw));
  resized.observe(plot);
  return {
    show(window) {
      shown = window;
      draw();
    },
    remove: () => resized.disconnect(),
  };
}

import { type ChartSpec, type ChartView, unbroken } from '../report/index.ts';
import { drawBars } from './draw-bars.ts';
import { drawCurves } from './draw-curves.ts';
import { drawHeat } from './draw-heat.ts';
import { drawLine } from './draw-line.ts';
import { drawLinks } from './draw-links.ts';
import { drawMatrix } from './draw-matrix.ts';
import { drawPlanes } from './draw-planes.ts';
import { drawSpans } from './draw-spans.ts';
import type { Canvas, Drawing } from './drawing.ts';
import { part, select } from './elements.ts';
import { reportFault } from './faults.ts';
import { tableTwin } from './table-twin.ts';
import type { Paint } from './theme.ts';

/** A chart that stands on the page and can be drawn again in other colours. */
export interface Mounted {
  readonly redraw: (paint: Paint) => void;
}

/** Fills one figure: selector of views, picture, legend, and the table when it is opened. */
export function mount(figure: HTMLElement, spec: ChartSpec): Mounted {
  let chosen = 0;
  let drawing: Drawing | null = null;
  let paint: Paint | null = null;
  const twin = part(figure, 'details.twin');
  const fillTable = (): void => {
    const view = spec.views[chosen];
    twin.querySelector('.scroll')?.remove();
    if (twin.hasAttribute('open') && view !== undefined) twin.append(tableTwin(spec.title, view));
  };
  twin.addEventListener('toggle', fillTable);
  const draw = (): void => {
    const view = spec.views[chosen];
    if (view === undefined || paint === null) return;
    drawing?.remove();
    drawing = null;
    const [plot, legend, controls] = [part(figure, '.plot'), part(figure, '.legend'), part(figure, '.controls')];
    plot.replaceChildren();
    const selectors =
      spec.views.length > 1
        ? [
            select(
              spec.choose,
              spec.views.map((each) => each.label),
              chosen,
              choose,
            ),
          ]
        : [];
    controls.replaceChildren(...selectors);
    part(figure, '.finding').textContent = unbroken(view.finding);
    try {
      drawing = drawView({ spec, view, paint, plot, legend, controls });
    } catch (cause) {
      reportFault(plot, `This chart could not be drawn: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  };
  const choose = (index: number): void => {
    chosen = index;
    draw();
    fillTable();
    part(figure, '.controls select').focus();
  };
  return {
    redraw(next) {
      paint = next;
      draw();
    },
  };
}

function drawView(canvas: Canvas<ChartView>): Drawing {
  const { view, ...rest } = canvas;
  switch (view.kind) {
    case 'bars':
      return drawBars({ ...rest, view });
    case 'line':
      return drawLine({ ...rest, view });
    case 'spans':
      return drawSpans({ ...rest, view });
    case 'links':
      return drawLinks({ ...rest, view });
    case 'planes':
      return drawPlanes({ ...rest, view });
    case 'matrix':
      return drawMatrix({ ...rest, view });
    case 'curves':
      return drawCurves({ ...rest, view });
    case 'heat':
      return drawHeat({ ...rest, view });
    default:
      // Reached only by a page whose data and script are of different versions.
      throw new Error(`this page's script does not know views of kind ${String((canvas.view as ChartView).kind)}`);
  }
}

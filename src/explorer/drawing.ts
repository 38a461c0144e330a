import type { ChartSpec, ChartView } from '../report/index.ts';
import type { Paint } from './theme.ts';

/** Where a view is drawn and with which colours. */
export interface Canvas<View extends ChartView = ChartView> {
  readonly spec: ChartSpec;
  readonly view: View;
  readonly paint: Paint;
  /** The figure's parts: picture, legend, and controls that belong to the view (the selector of views stands before them). */
  readonly plot: HTMLElement;
  readonly legend: HTMLElement;
  readonly controls: HTMLElement;
}

/** A view that has been drawn; `remove` gives everything back before the next one is drawn. */
export interface Drawing {
  readonly remove: () => void;
}

export type Draw<View extends ChartView> = (canvas: Canvas<View>) => Drawing;

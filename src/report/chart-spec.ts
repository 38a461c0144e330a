/**
 * A chart as plain data. The table *is* the data: a series, a span or a link names columns of the table that the reader can
 * open below the picture, so that picture and table cannot disagree.
 */
import type { ColourRole } from './palette.ts';

export interface ChartSpec {
  /** Registry key; unique within one result. */
  readonly id: string;
  readonly title: string;
  /** What it shows and how to read it, in one or two sentences. */
  readonly shows: string;
  /** Half of the page's width when the window is wide enough. */
  readonly width: 'full' | 'half';
  /** Label of the selector between views; unused when there is one view. */
  readonly choose: string;
  readonly views: readonly ChartView[];
}

export type ChartView = BarsView | LineView | SpansView | LinksView | PlanesView | MatrixView | CurvesView | HeatView;

export type Cell = string | number;

/** `unit` is a unit of `format.ts`; the empty string marks text and plain counts. */
export interface Column {
  readonly label: string;
  readonly unit: string;
}

export interface DataTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

interface ViewBase {
  /** Entry of the selector. */
  readonly label: string;
  /** What the numbers say, in one sentence; also the text alternative of the picture. */
  readonly finding: string;
  readonly table: DataTable;
}

/** One column of numbers with the meaning of its colour; `low` and `high` are columns that bound an interval. */
export interface Series {
  readonly column: number;
  readonly role: ColourRole;
  readonly low?: number;
  readonly high?: number;
}

export interface ReferenceLine {
  readonly label: string;
  readonly value: number;
}

export interface Axis {
  readonly label: string;
  readonly unit: string;
}

/** One group of bars per table row; `category` is the column that names it. */
export interface BarsView extends ViewBase {
  readonly kind: 'bars';
  readonly direction: 'horizontal' | 'vertical';
  readonly stacked: boolean;
  readonly category: number;
  readonly categoryAxis: string;
  readonly valueAxis: Axis;
  readonly series: readonly Series[];
  readonly references: readonly ReferenceLine[];
  /** Offers to sort the rows by this column, largest first. */
  readonly sortBy?: number;
}

/** Quantities that hold until the next row changes them. */
export interface LineView extends ViewBase {
  readonly kind: 'line';
  /** Each series stands on those before it. */
  readonly stacked: boolean;
  readonly x: number;
  readonly xAxis: Axis;
  readonly valueAxis: Axis;
  readonly series: readonly Series[];
  readonly references: readonly ReferenceLine[];
}

/** One span per table row on the track that it names; columns by index. */
export interface SpansView extends ViewBase {
  readonly kind: 'spans';
  readonly track: number;
  readonly name: number;
  readonly group: number;
  readonly stage: number;
  readonly start: number;
  readonly end: number;
  readonly tracks: readonly string[];
  /** Colours of the values of the `group` column, most time first. */
  readonly groups: readonly { readonly name: string; readonly role: ColourRole }[];
  readonly unit: string;
}

/** Directed links between chips on a grid, one per table row; colour by the `value` column. */
export interface LinksView extends ViewBase {
  readonly kind: 'links';
  readonly shape: readonly number[];
  readonly wrap: readonly boolean[];
  readonly devicesPerChip: number;
  readonly from: number;
  readonly to: number;
  readonly axis: number;
  /** 1 towards larger coordinates, or over the wrap from the last to the first, else -1; told from the two ends where it is absent. */
  readonly direction?: number;
  /** A text there marks a link that is not as it should be: it is drawn dashed. */
  readonly value: number;
  /** Top of the colour scale; the scale starts at 0. */
  readonly top: number;
}

/**
 * Links of many chips: one table row per chip, and from the second column on one column per direction with a number for the link that leaves the chip
 * there. An empty cell is no link, another text one that is broken.
 */
export interface PlanesView extends ViewBase {
  readonly kind: 'planes';
  readonly shape: readonly number[];
  readonly slices: number;
  /** Top of the colour scale; the scale starts at 0. */
  readonly top: number;
}

/** A square of numbers: row = source, column = destination; the first table column names the row. */
export interface MatrixView extends ViewBase {
  readonly kind: 'matrix';
  readonly rowAxis: string;
  readonly columnAxis: string;
  readonly unit: string;
  readonly top: number;
}

/** A series of a curve: `faint` stands behind the others, `dashed` has its colour with another one, `points` marks each value; an empty cell is passed over. */
export interface CurveSeries extends Series {
  readonly faint?: true;
  readonly dashed?: true;
  readonly points?: true;
}

/** Quantities that go from one row to the next in a straight line. The axis of values need not begin at 0. */
export interface CurvesView extends ViewBase {
  readonly kind: 'curves';
  readonly x: number;
  readonly xAxis: Axis;
  readonly valueAxis: Axis;
  readonly fromZero: boolean;
  readonly series: readonly CurveSeries[];
  readonly references: readonly ReferenceLine[];
}

/** Numbers by row and column: the first table column names the row, the head of every further one names the column. Cells that have the room show their number. */
export interface HeatView extends ViewBase {
  readonly kind: 'heat';
  readonly rowAxis: string;
  readonly columnAxis: string;
  readonly unit: string;
  /** Top of the colour scale; the scale starts at 0. */
  readonly top: number;
  /** A few words behind each row, for those to whom colours say little. */
  readonly notes: { readonly title: string; readonly rows: readonly string[] };
}

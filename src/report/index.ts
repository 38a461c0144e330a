/**
 * Report: stored results in, one self-contained HTML page out; and a trace in, a file for Perfetto's UI out. Charts are plain data
 * (one file each in `charts/`); `explorer/` draws them in the browser. No file is read or written here.
 */
export type * from './chart-spec.ts';
export { CHARTS, chartsOf } from './charts/index.ts';
export { unbroken } from './html.ts';
export { type PageData, type PageInput, renderPage, renderTrainingPage } from './page.ts';
export { type ColourRole, colour, heat, PAGE_COLOURS, type Theme } from './palette.ts';
export { encodePerfettoTrace, type PerfettoOptions } from './trace/perfetto.ts';

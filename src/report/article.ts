import type { ChartSpec } from './chart-spec.ts';
import type { Html } from './html.ts';

/** One result or one comparison on the page: its markup, and its charts by the key of their figure. */
export interface Article {
  readonly title: string;
  readonly body: Html;
  readonly figures: Readonly<Record<string, ChartSpec>>;
}

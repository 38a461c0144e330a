import type { ChartView } from '../report/index.ts';
import { formatValue } from '../result/index.ts';
import { element } from './elements.ts';

/** The numbers of a view as a real table, for readers who cannot or do not want to read the picture. */
export function tableTwin(title: string, view: ChartView): HTMLElement {
  const { columns, rows } = view.table;
  const head = element('tr', {}, ...columns.map((column) => element('th', { scope: 'col' }, column.label)));
  const body = rows.map((row) =>
    element(
      'tr',
      {},
      ...row.map((cell, i) => {
        const text = typeof cell === 'number' ? formatValue(cell, columns[i]?.unit ?? '') : cell;
        return i === 0 ? element('th', { scope: 'row' }, text) : element('td', {}, text);
      }),
    ),
  );
  const table = element(
    'table',
    {},
    element('caption', {}, `${title}, ${view.label}`),
    element('thead', {}, head),
    element('tbody', {}, ...body),
  );
  return element('div', { class: 'scroll tall', tabindex: '0', role: 'region', 'aria-label': `Table: ${title}, ${view.label}` }, table);
}

import { formatIssue, type Issue } from '../base/index.ts';
import type { Painter } from './io.ts';
import { printable } from './printable.ts';
import { wrapText } from './table.ts';

/** One line per issue, its code painted, and where to read more about the codes. */
export function issueLines(issues: readonly Issue[], paint: Painter): string {
  if (issues.length === 0) return '';
  const lines = issues.map((issue) => printable(formatIssue(issue)).replace(issue.code, paint('red', issue.code)));
  const codes = [...new Set(issues.map((issue) => issue.code))];
  const count = issues.length === 1 ? '1 error' : `${issues.length} errors`;
  return `${lines.join('\n')}\n${count}; switchyard explain ${codes[0]} says more\n`;
}

/** What changes how a result is to be taken; these stand first. */
const WEIGHTY = ['W_DOES_NOT_FIT', 'W_KERNELS_DIFFER', 'W_DROP_RATE'];

const WIDTH = 80;
const MOST_LINES = 2;

/** Codes of the warnings that a page explains, in at most two lines, the weightiest first; no line without any. */
export function pageWarnings(warnings: readonly { readonly code: string }[]): string[] {
  const codes = new Set(warnings.map(({ code }) => code));
  if (codes.size === 0) return [];
  const sorted = [...WEIGHTY.filter((code) => codes.has(code)), ...[...codes].filter((code) => !WEIGHTY.includes(code))];
  const lines = wrapText(`warnings on the page: ${sorted.join(', ')}`, WIDTH - 1);
  return lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES - 1), `${lines[MOST_LINES - 1]}…`];
}

/** Warnings as they stand in a result. */
export function warningLines(warnings: readonly { readonly code: string; readonly message: string }[], paint: Painter): string {
  return warnings.map(({ code, message }) => `${paint('yellow', code)} ${printable(message)}\n`).join('');
}

import { formatIssue, type Issue } from '../base/index.ts';
import type { Painter } from './io.ts';
import { printable } from './printable.ts';

/** One line per issue, its code painted, and where to read more about the codes. */
export function issueLines(issues: readonly Issue[], paint: Painter): string {
  if (issues.length === 0) return '';
  const lines = issues.map((issue) => printable(formatIssue(issue)).replace(issue.code, paint('red', issue.code)));
  const codes = [...new Set(issues.map((issue) => issue.code))];
  const count = issues.length === 1 ? '1 error' : `${issues.length} errors`;
  return `${lines.join('\n')}\n${count}; switchyard explain ${codes[0]} says more\n`;
}

/** Codes of the warnings that a page explains; no line without any. */
export function pageWarnings(warnings: readonly { readonly code: string }[]): string[] {
  const codes = [...new Set(warnings.map(({ code }) => code))];
  return codes.length === 0 ? [] : [`warnings on the page: ${codes.join(', ')}`];
}

/** Warnings as they stand in a result. */
export function warningLines(warnings: readonly { readonly code: string; readonly message: string }[], paint: Painter): string {
  return warnings.map(({ code, message }) => `${paint('yellow', code)} ${printable(message)}\n`).join('');
}

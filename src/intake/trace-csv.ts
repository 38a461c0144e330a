import type { Issue } from '../base/index.ts';
import type { TraceFile } from './read-trace.ts';
import { MAX_CHOICES, noRecords, tooManyChoices } from './trace-records.ts';

const HEADER = 'layer,token,expert';
/** More than this many wrong lines add nothing to the message. */
const MAX_REPORTED = 20;

/**
 * Reads recorded expert choices: one row per choice, first choices of a token before its second ones.
 * `layer` counts Switch layers from 0 (encoder first), `token` counts tokens of that layer's stack from 0, `expert` experts of the layer.
 */
export function parseTraceCsv(file: string, text: string): TraceFile {
  const records = noRecords();
  const issues: Issue[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines.length - 1 > MAX_CHOICES) return { records, issues: [tooManyChoices(file, lines.length - 1)] };
  if (lines[0].replaceAll(' ', '') !== HEADER) {
    issues.push(lineIssue(file, 1, lines[0], `the first line must be ${HEADER}`, 'add the header line'));
    return { records, issues };
  }
  for (let i = 1; i < lines.length && issues.length < MAX_REPORTED; i++) {
    if (lines[i] === '') continue;
    const row = /^\s*(\d{1,9})\s*,\s*(\d{1,10})\s*,\s*(\d{1,9})\s*$/.exec(lines[i]);
    if (row === null) {
      issues.push(lineIssue(file, i + 1, lines[i], 'must be three whole numbers: layer,token,expert', 'correct or remove the line'));
      continue;
    }
    records.layer.push(Number(row[1]));
    records.token.push(Number(row[2]));
    records.expert.push(Number(row[3]));
  }
  if (issues.length === 0 && records.layer.length === 0) {
    issues.push(lineIssue(file, 1, HEADER, 'at least one choice must follow the header', 'record some tokens'));
  }
  return { records, issues };
}

function lineIssue(file: string, line: number, text: string, rule: string, remedy: string): Issue {
  const value = JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 57)}...`);
  return { code: 'E_TRACE', path: '', value, rule, remedy, place: { file, line, column: 1 } };
}

import type { Issue } from '../base/index.ts';
import type { TraceFile } from './read-trace.ts';

/** As many choices as are still held in memory: a layer of a million tokens with eight choices, four times over. */
export const MAX_CHOICES = 2 ** 25;

/** Largest index that is read; which ones exist is for the rules of the scenario to say. */
const MAX_INDEX = 2 ** 31 - 1;

export const EXPERT_RULE = `must be an expert from 0 to ${MAX_INDEX}, or -1 where the token made no such choice`;

export function isIndex(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_INDEX;
}

/** Columns that grow as records are read. */
interface GrowingRecords {
  readonly layer: number[];
  readonly token: number[];
  readonly expert: number[];
}

export function noRecords(): GrowingRecords {
  return { layer: [], token: [], expert: [] };
}

/** Nothing was read, and why. */
export function refused(...issues: Issue[]): TraceFile {
  return { records: noRecords(), issues };
}

/** What is wrong with a recording that has no lines. */
export function traceIssue(file: string, what: string, rule: string, remedy: string): Issue {
  return { code: 'E_TRACE', path: 'load.file', value: `${file}: ${what}`, rule, remedy };
}

export function tooManyChoices(file: string, choices: number): Issue {
  return {
    code: 'E_FILE_SIZE',
    path: 'load.file',
    value: `${file}: ${choices} choices`,
    rule: `at most ${MAX_CHOICES} recorded choices are read`,
    remedy: 'record fewer layers or tokens; whole routing groups of some layers are a sample',
  };
}

export function noChoices(file: string): Issue {
  return traceIssue(file, 'no choice', 'must hold at least one recorded choice', 'record some tokens');
}

/** Where in a file a value stands; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * One thing that is wrong with an input, in the words a user needs to put it right.
 * `code` is stable (`E_...` stops the run, `W_...` is a warning that stands in the report) and is explained by `switchyard explain CODE`.
 */
export interface Issue {
  readonly code: string;
  /** Dotted path of the key, e.g. `layout.ici.data`; empty when the whole input is meant. */
  readonly path: string;
  /** The offending value as the user wrote it. */
  readonly value: string;
  /** What must hold. */
  readonly rule: string;
  /** What to turn. */
  readonly remedy: string;
  readonly place?: Place;
}

/** Exit codes of the command line: what a failure means to the shell. */
export const EXIT = { done: 0, checkFailed: 1, wrongInput: 2, infeasible: 3, ourBug: 70, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Carries all issues of one input at once; thrown at doors, never inside a room. */
export class InputError extends Error {
  readonly issues: readonly Issue[];
  readonly exitCode: ExitCode;

  constructor(issues: readonly Issue[], exitCode: ExitCode = EXIT.wrongInput) {
    super(issues.map(formatIssue).join('\n'));
    this.name = 'InputError';
    this.issues = issues;
    this.exitCode = exitCode;
  }
}

/** `scenario.yaml:7:12 E_LAYOUT_PRODUCT layout.ici: 8 x 8 = 64; must be 32; remedy: ...` */
export function formatIssue(issue: Issue): string {
  const place = issue.place ? `${issue.place.file}:${issue.place.line}:${issue.place.column} ` : '';
  const path = issue.path === '' ? '' : ` ${issue.path}:`;
  return `${place}${issue.code}${path} ${issue.value}; ${issue.rule}; ${issue.remedy}`;
}

/** What must be true if our own code is right; a failure is our bug (exit code 70), never the user's. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`);
}

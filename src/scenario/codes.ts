import { EXIT, type ExitCode, type Issue, type Registry } from '../base/index.ts';
import { ENGINE_CODES } from './engine-codes.ts';
import { ERROR_CODES } from './error-codes.ts';
import { IMPORT_CODES } from './import-codes.ts';
import type { IssueCode } from './issue-code.ts';
import { LAYOUT_CODES } from './layout-codes.ts';
import { LEARNING_CODES } from './learning-codes.ts';
import { MODEL_CODES } from './model-codes.ts';
import { OPERATION_CODES } from './operation-codes.ts';
import { WARNING_CODES } from './warning-codes.ts';
import { WIRE_CODES } from './wire-codes.ts';

/** Every code that any room raises: `E_...` stops the run, `W_...` stands in the result. A test holds this list equal to the codes in the source. */
export const ISSUE_CODES: Registry<IssueCode> = {
  ...ERROR_CODES,
  ...IMPORT_CODES,
  ...LAYOUT_CODES,
  ...MODEL_CODES,
  ...ENGINE_CODES,
  ...OPERATION_CODES,
  ...LEARNING_CODES,
  ...WIRE_CODES,
  ...WARNING_CODES,
};

/** What issues mean to the shell: infeasible where all of them say that a layout cannot be made, wrong input where anything else is wrong. */
export function exitCodeOf(issues: readonly Issue[]): ExitCode {
  return issues.length > 0 && issues.every(({ code }) => ISSUE_CODES[code]?.infeasible === true) ? EXIT.infeasible : EXIT.wrongInput;
}

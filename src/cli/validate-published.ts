import { EXIT, type ExitCode } from '../base/index.ts';
import { loadContrasts, loadPublished, shippedContrasts } from '../intake/index.ts';
import { type Contrast, type PublishedRecord, validateRecords } from '../validation/index.ts';
import { allChips } from './all-chips.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { createProgress } from './progress.ts';
import { validationText } from './validation-text.ts';

export interface ValidateOptions {
  readonly contrasts?: string;
  readonly wrap: 'open' | 'closed' | 'both';
}

/** Replays published records; a row outside its tolerance, or nothing to look at, is a failed check. */
export async function validatePublished(
  { io }: CommandContext,
  common: CommonOptions,
  file: string | undefined,
  { contrasts, wrap }: ValidateOptions,
): Promise<ExitCode> {
  const records = loadPublished(file === undefined ? undefined : [file]);
  const progress = createProgress(io, common.quiet, () => performance.now());
  const onProgress = (done: number, total: number) => progress.update('replaying records', done, total);
  try {
    const validation = validateRecords({
      records,
      contrasts: contrasts === undefined ? contrastsWithin(records) : loadContrasts(contrasts),
      chips: allChips(),
      wrap,
      onProgress,
    });
    progress.end();
    io.out(common.json ? `${JSON.stringify(validation, null, 2)}\n` : validationText(validation));
    return validation.summary.passed ? EXIT.done : EXIT.checkFailed;
  } finally {
    progress.end();
  }
}

/** The contrasts of the package that are about these records. */
function contrastsWithin(records: readonly PublishedRecord[]): Contrast[] {
  const ids = new Set(records.map(({ id }) => id));
  return shippedContrasts().filter(({ a, b }) => ids.has(a) && ids.has(b));
}

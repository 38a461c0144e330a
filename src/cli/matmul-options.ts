import { InputError, type Issue } from '../base/index.ts';
import { findChip } from '../intake/index.ts';
import { sizeOption } from './number-option.ts';
import type { MatmulOptions } from './run-matmul.ts';

/** Above it a product of three sides is no longer a whole number of FLOPs in a JS number. */
const LONGEST_SIDE = 2 ** 20;

/** As written on the command line. */
export interface MatmulWords extends Pick<MatmulOptions, 'dtype' | 'dataflow'> {
  readonly chip?: string;
  readonly m?: string;
  readonly k?: string;
  readonly n?: string;
  readonly batch: string;
}

/** What is asked for. Throws InputError with everything that is wrong or missing, not the first of it. */
export function matmulOptions({ chip, m, k, n, batch, dtype, dataflow }: MatmulWords): MatmulOptions {
  const issues: Issue[] = [];
  const size = (path: string, text: string | undefined): number => {
    if (text === undefined) {
      issues.push(missing(path, `write ${path} 256, for example`));
      return 1;
    }
    const read = sizeOption(path, LONGEST_SIDE, text);
    if (read.issue !== undefined) issues.push(read.issue);
    return read.value ?? 1;
  };
  if (chip === undefined) {
    issues.push(missing('--chip', 'write --chip tpu-v6e, for example'));
  } else {
    const found = findChip(chip, '--chip');
    if ('issue' in found) issues.push(found.issue);
  }
  const sizes = { m: size('--m', m), k: size('--k', k), n: size('--n', n), batch: size('--batch', batch) };
  if (issues.length > 0) throw new InputError(issues);
  return { chip: chip ?? '', ...sizes, dtype, dataflow };
}

function missing(path: string, remedy: string): Issue {
  return { code: 'E_USAGE', path, value: 'missing', rule: 'must be given', remedy };
}

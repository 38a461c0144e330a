import type { Registry } from '../../base/index.ts';
import type { CommandEntry } from '../command.ts';
import { bench } from './bench.ts';
import { collective } from './collective.ts';
import { compare } from './compare.ts';
import { experiment } from './experiment.ts';
import { explain } from './explain.ts';
import { inspect } from './inspect.ts';
import { list } from './list.ts';
import { op } from './op.ts';
import { plan } from './plan.ts';
import { report } from './report.ts';
import { run } from './run.ts';
import { schema } from './schema.ts';
import { train } from './train.ts';
import { validate } from './validate.ts';

/** Verbs by name, in the order of the help; the key is the file's name. */
export const COMMANDS: Registry<CommandEntry> = {
  run,
  compare,
  train,
  experiment,
  plan,
  inspect,
  validate,
  collective,
  report,
  list,
  explain,
  schema,
  op,
  bench,
};

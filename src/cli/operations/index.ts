import type { Registry } from '../../base/index.ts';
import type { CommandEntry } from '../command.ts';
import { matmul } from './matmul.ts';

/** What `op` can put a price on, by name; the key is the file's name. */
export const OPERATIONS: Registry<CommandEntry> = { matmul };

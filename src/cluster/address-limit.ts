import { readFileSync } from 'node:fs';
import type { Bytes } from '../base/index.ts';

/** Addresses that this process may have (`ulimit -v`); infinite where nothing limits them, or the system does not say. */
export function addressLimit(): Bytes {
  try {
    const limit = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return limit === null ? Number.POSITIVE_INFINITY : Number(limit[1]);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

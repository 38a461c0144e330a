import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** One collection leaves the rest to threads in the background, which a second one waits for. */
const COLLECTIONS = 2;

/**
 * Gives back memories that nobody refers to any more. V8 takes no account of the addresses that they reserve, so by itself it would do so when there are none left, and a
 * thread that then starts ends the process.
 */
export function releaseMemories(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  for (let i = 0; i < COLLECTIONS; i++) collect();
}

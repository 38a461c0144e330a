/**
 * Loaded before the command line (`node --import`): harms a thread in its n-th call of a kernel, in the way that SABOTAGE names (`way:call:thread`, from that thread on).
 * Nothing of it is in the product; the thread dies, or does not return, in the middle of whatever it does.
 */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isMainThread, threadId } from 'node:worker_threads';

const [way, call = '1', thread = '1'] = (process.env.SABOTAGE ?? '').split(':');

const WAYS = {
  exit: () => process.exit(9),
  throw: () => {
    throw new Error('the kernel broke');
  },
  memory: () => {
    for (const kept = []; ; ) kept.push(new Array(1e5).fill({}));
  },
  hang: () => {
    // At once, not by way of the main thread.
    writeSync(2, 'hanging\n');
    for (;;);
  },
};

/** Threads get their own arguments, so this file must be handed to each of them. */
function followThreads() {
  const threads = createRequire(import.meta.url)('node:worker_threads');
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(file, options) {
      super(file, { ...options, execArgv: [...(options.execArgv ?? []), '--import', import.meta.url] });
    }
  };
}

function harm() {
  const { Instance } = WebAssembly;
  let calls = 0;
  const harmed =
    (kernel) =>
    (...args) => {
      if (++calls === Number(call)) WAYS[way]();
      return kernel(...args);
    };
  WebAssembly.Instance = class {
    constructor(...args) {
      const { exports } = new Instance(...args);
      const entries = Object.entries(exports).map(([name, value]) => [name, typeof value === 'function' ? harmed(value) : value]);
      this.exports = Object.fromEntries(entries);
    }
  };
}

if (isMainThread) followThreads();
else if (threadId >= Number(thread)) harm();

import type { Bytes } from '../base/index.ts';
import type { LiveTensor, LiveTensors, Moment } from './live-tensors.ts';

/** Where a block's gradient lives: whole, and what is left of it once it is scattered. */
export interface ScatteredGradient {
  readonly wholeKey: string;
  readonly leftKey: string;
  readonly leftBytes: Bytes;
}

/** Gradients outside of loops that are complete while a loop is still to come. */
export interface LateGradients {
  /** Whether what is complete from now on waits for a loop. */
  awaitLoop(comes: boolean): void;
  /** It has been scattered; whether it stays whole for now. */
  keep(gradient: ScatteredGradient): boolean;
  /** Of what is left of it the replicas keep a share; whether it stays whole for now. */
  share(leftKey: string, shareBytes: Bytes): boolean;
  /** The loop has ended with its last task so far. */
  loopEnded(moment: Moment): void;
}

/**
 * Gradients of the logits wait for nobody but the update, and a loop over layers is one operation to a compiler. Its scheduler begins at the end, and puts
 * what nobody waits for as far back as it can: behind the loop, in which they are whole (openxla/xla xla/service/latency_hiding_scheduler.h, `kAsyncDepth`;
 * pull request 45929). In time they are scattered beside the loop, which its own collectives leave wires for.
 */
export function createLateGradients(live: LiveTensors, tensorOf: (bytes: Bytes) => LiveTensor, deviceSet: number): LateGradients {
  let awaited = false;
  let late = new Map<string, { readonly gradient: ScatteredGradient; shareBytes: Bytes | null }>();
  return {
    awaitLoop(comes) {
      awaited = comes;
    },
    keep(gradient) {
      if (awaited) late.set(gradient.leftKey, { gradient, shareBytes: null });
      return awaited;
    },
    share(leftKey, shareBytes) {
      const waiting = late.get(leftKey);
      if (waiting !== undefined) waiting.shareBytes = shareBytes;
      return waiting !== undefined;
    },
    loopEnded(moment) {
      const next = { task: moment.task + 1, step: moment.step };
      for (const { gradient, shareBytes } of late.values()) {
        const { wholeKey, leftKey, leftBytes } = gradient;
        live.extend(wholeKey, moment);
        live.close(wholeKey);
        if (shareBytes !== null) {
          live.extend(leftKey, moment);
          live.close(leftKey);
        }
        live.touch(leftKey, tensorOf(shareBytes ?? leftBytes), next, deviceSet);
      }
      late = new Map();
    },
  };
}

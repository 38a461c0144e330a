import { allToAllCases } from './all-to-all.ts';
import type { EngineCase } from './engine-case.ts';
import { eventQueueCases } from './event-queue.ts';
import { maxMinCases } from './max-min.ts';
import { mixCases } from './mixes.ts';
import { peerCases } from './peers.ts';
import { ringCases } from './rings.ts';
import { stepCases } from './steps.ts';

/** In the order of the table. */
export function engineCases(): EngineCase[] {
  return [...eventQueueCases(), ...allToAllCases(), ...ringCases(), ...maxMinCases(), ...mixCases(), ...stepCases(), ...peerCases()];
}

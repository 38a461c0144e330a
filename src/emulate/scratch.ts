import type { Router, RouterRead } from '../routing/index.ts';
import type { ThreadScratch } from './job.ts';

/** The thread's scratch, cut to the group size of one stack. */
export function scratchViews(scratch: ThreadScratch, groupTokens: number, dModel: number, experts: number): ThreadScratch {
  return {
    ...scratch,
    tokens: { ...scratch.tokens, shape: [groupTokens, dModel] },
    probabilities: { ...scratch.probabilities, shape: [groupTokens, experts] },
    statistics: { ...scratch.statistics, shape: [2, groupTokens] },
  };
}

/** What any of the routers reads, or its gates do. */
export function readsOf(routers: readonly Router[]): ReadonlySet<RouterRead> {
  const reads = new Set(routers.flatMap((router) => router.reads));
  if (routers.some((router) => router.gates === 'domain')) reads.add('domains');
  return reads;
}

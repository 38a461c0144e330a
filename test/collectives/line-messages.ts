/** One shard, or half of it, going one member hop along a line or ring of n members. */
export interface Message {
  /** Steps count from 1; messages of one step use different links. */
  readonly step: number;
  readonly from: number;
  readonly to: number;
  readonly direction: 1 | -1;
  /** The shard that started at member `shard` (all-gather) or ends there (reduce-scatter). */
  readonly shard: number;
  /** 1, or 0.5 where the two directions share the way to the opposite member of an even ring. */
  readonly share: number;
}

/**
 * All-gather by both directions at once: every shard travels outwards from its owner. On a ring it meets itself half-way, after floor(n/2)
 * steps, and the opposite member of an even ring gets one half from each side; on a line it runs to both ends, n - 1 steps at most.
 */
export function allGatherMessages(members: number, ring: boolean): Message[] {
  const messages: Message[] = [];
  for (let shard = 0; shard < members; shard++) {
    for (const direction of [1, -1] as const) {
      const reach = ring ? Math.floor(members / 2) : direction === 1 ? members - 1 - shard : shard;
      for (let step = 1; step <= reach; step++) {
        const from = (shard + direction * (step - 1) + members) % members;
        const to = (shard + direction * step + members) % members;
        messages.push({ step, from, to, direction, shard, share: ring && 2 * step === members ? 0.5 : 1 });
      }
    }
  }
  return messages;
}

/** Reduce-scatter is the all-gather run backwards: partial sums travel towards the shard's owner and are added on the way. */
export function reduceScatterMessages(members: number, ring: boolean): Message[] {
  const gather = allGatherMessages(members, ring);
  const last = stepsOf(gather);
  return gather.map((message) => ({
    step: last + 1 - message.step,
    from: message.to,
    to: message.from,
    direction: message.direction === 1 ? -1 : 1,
    shard: message.shard,
    share: message.share,
  }));
}

export function stepsOf(messages: readonly Message[]): number {
  return messages.reduce((last, message) => Math.max(last, message.step), 0);
}

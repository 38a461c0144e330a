import type { Chip } from '../../src/hardware/index.ts';
import { chipNames, findChip, loadPublished } from '../../src/intake/index.ts';
import { isSkipped, type PublishedRecord, type Replay, replayRecord } from '../../src/validation/index.ts';

export const CHIPS: Readonly<Record<string, Chip>> = Object.fromEntries(
  chipNames().flatMap((name) => {
    const found = findChip(name, '');
    return 'chip' in found ? [[name, found.chip]] : [];
  }),
);

export const RECORDS: readonly PublishedRecord[] = loadPublished();

export function record(id: string): PublishedRecord {
  const found = RECORDS.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no record ${id}`);
  return found;
}

/** A record with some keys changed; groups are merged one level deep. */
export function changed(id: string, changes: { readonly [Key in keyof PublishedRecord]?: unknown }): PublishedRecord {
  const base: Record<string, unknown> = { ...record(id) };
  for (const [key, change] of Object.entries(changes)) {
    const old = base[key];
    base[key] = isGroup(old) && isGroup(change) ? { ...old, ...change } : change;
  }
  return base as unknown as PublishedRecord;
}

export function replayed(one: PublishedRecord): Replay {
  const replay = replayRecord(one, CHIPS);
  if (isSkipped(replay)) throw new Error(`${replay.id}: ${replay.reason}`);
  return replay;
}

/** Why a record is skipped; empty when it is not. */
export function reasonOf(one: PublishedRecord): string {
  const replay = replayRecord(one, CHIPS);
  return isSkipped(replay) ? replay.reason : '';
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

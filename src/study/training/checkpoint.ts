import { addNumbers, emptyFingerprint, fingerprintText } from '../../base/index.ts';
import type { PodState } from '../../emulate/index.ts';
import type { Scenario } from '../../scenario/index.ts';
import type { TrainingHistory } from './history.ts';

/** What a run goes on from: a copy, which no further step changes. */
export interface Checkpoint {
  /** What makes the run what it is, by dotted path: it goes on only where these are the same. */
  readonly run: Readonly<Record<string, string>>;
  readonly history: TrainingHistory;
  readonly state: PodState;
}

/** Keys of a scenario that may change when a run goes on: how long, how often it is looked at, and what is only said. */
const FREE_KEYS: readonly string[] = [
  ...['name', 'question', 'vary', 'assert', 'ignoreMemory', 'emulate', 'load'],
  ...['learning.steps', 'learning.checkpointEvery', 'learning.evaluateEvery', 'learning.onNaN'],
];

/** Every other value of it, by dotted path, the fingerprints of the texts, of what it begins with, and of its teacher. A rate that falls to 0 at the last step depends on how many there are. */
export function runOf(
  scenario: Scenario,
  texts: readonly { readonly fingerprint: string }[],
  { origin, teacher }: { readonly origin?: PodState; readonly teacher?: { readonly state: PodState } } = {},
): Record<string, string> {
  const values: Record<string, string> = {};
  const collect = (value: unknown, path: string): void => {
    if (FREE_KEYS.includes(path)) return;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) values[path] = JSON.stringify(value) ?? '';
    else for (const [key, inner] of Object.entries(value)) collect(inner, path === '' ? key : `${path}.${key}`);
  };
  collect(scenario, '');
  if (scenario.learning?.decay === 'linear') values['learning.steps'] = String(scenario.learning.steps);
  // Names of texts may be paths: what they hold counts.
  values['learning.texts'] = texts.map(({ fingerprint }) => fingerprint).join(' ');
  if (origin !== undefined) values['experiment.after'] = printOfState(origin);
  if (teacher !== undefined) values['experiment.teacher'] = printOfState(teacher.state);
  return values;
}

/** Paths whose values differ. */
export function differences(ours: Readonly<Record<string, string>>, theirs: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].filter((path) => ours[path] !== theirs[path]).sort();
}

/** The state consists of words of four bytes. */
export function printOfState({ bytes }: PodState): string {
  const print = emptyFingerprint();
  addNumbers(print, new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / Uint32Array.BYTES_PER_ELEMENT));
  return fingerprintText(print);
}

import { existsSync, readFileSync } from 'node:fs';
import { addNumbers, addText, emptyFingerprint, fingerprintText, InputError } from '../base/index.ts';
import { type Checkpoint, printOfState } from '../study/index.ts';

const MAGIC = 'switchyard/checkpoint/1';
const NEW_LINE = 10;
const LONGEST_HEAD = 128;

/** A line that says how long the parts are and what they print, the history as JSON, and the bytes of the state. */
export function encodeCheckpoint({ run, history, state }: Checkpoint): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify({ run, history, updates: state.updates }));
  const head = new TextEncoder().encode(`${MAGIC} ${json.length} ${state.bytes.length} ${printOf(json, state.bytes)}\n`);
  const file = new Uint8Array(head.length + json.length + state.bytes.length);
  file.set(head);
  file.set(json, head.length);
  file.set(state.bytes, head.length + json.length);
  return file;
}

/** Null where there is no such file; what is there and is no whole checkpoint is refused. */
export function readCheckpoint(file: string): Checkpoint | null {
  if (!existsSync(file)) return null;
  const decoded = decodeCheckpoint(readBytes(file));
  if (typeof decoded !== 'string') return decoded;
  throw refused(file, decoded);
}

function readBytes(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    throw refused(file, error instanceof Error ? error.message : String(error));
  }
}

function decodeCheckpoint(file: Uint8Array): Checkpoint | string {
  const end = file.subarray(0, LONGEST_HEAD).indexOf(NEW_LINE);
  const [magic, jsonBytes, stateBytes, print] = new TextDecoder().decode(file.subarray(0, Math.max(0, end))).split(' ');
  if (magic !== MAGIC) return `its first line is not that of ${MAGIC}`;
  const first = end + 1;
  const middle = first + Number(jsonBytes);
  const length = middle + Number(stateBytes);
  if (file.length !== length) return `it has ${file.length} bytes of ${length}`;
  const json = file.slice(first, middle);
  const bytes = file.slice(middle);
  if (printOf(json, bytes) !== print) return 'its bytes are not those that were written';
  const { run, history, updates } = JSON.parse(new TextDecoder().decode(json)) as Checkpoint & { readonly updates: number };
  return { run, history, state: { updates, bytes } };
}

function printOf(json: Uint8Array, state: Uint8Array): string {
  const print = emptyFingerprint();
  addNumbers(print, json);
  addText(print, printOfState({ updates: 0, bytes: state }));
  return fingerprintText(print);
}

function refused(file: string, reason: string): InputError {
  const rule = `must be a whole checkpoint (${reason})`;
  const remedy = 'begin anew with --restart, or write to another folder by --out';
  return new InputError([{ code: 'E_CHECKPOINT', path: '', value: file, rule, remedy }]);
}

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { addNumbers, emptyFingerprint, fingerprintText, InputError, type Issue } from '../base/index.ts';
import type { Text } from '../study/index.ts';
import { TEXTS_FOLDER } from './data-folders.ts';
import { readBytes, SIZE_LIMITS } from './read-text.ts';

interface ShippedText {
  readonly file: string;
  readonly title: string;
  readonly source: string;
  readonly licence: string;
  readonly asOf: string;
  readonly sha256: string;
}

let shipped: Readonly<Record<string, ShippedText>> | undefined;

/** Texts that come with the package, by name. */
export function shippedTexts(): Readonly<Record<string, ShippedText>> {
  shipped ??= JSON.parse(readFileSync(join(TEXTS_FOLDER, 'texts.json'), 'utf8')) as Readonly<Record<string, ShippedText>>;
  return shipped;
}

export function isShippedText(name: string): boolean {
  return Object.hasOwn(shippedTexts(), name);
}

/** Reads the texts of a scenario; throws everything that is wrong with any of them. `least`: words that each must have. */
export function loadTexts(names: readonly string[], least: number): Text[] {
  const read = names.map((name, at) => loadText(name, `learning.texts[${at}]`, least));
  const issues = read.flatMap((one) => ('code' in one ? [one] : []));
  if (issues.length > 0) throw new InputError(issues);
  return read.flatMap((one) => ('code' in one ? [] : [one]));
}

function loadText(name: string, path: string, least: number): Text | Issue {
  const known = isShippedText(name) ? shippedTexts()[name] : null;
  const read = readBytes(known === null ? name : join(TEXTS_FOLDER, known.file), SIZE_LIMITS.text, path);
  if ('issue' in read) return known === null ? withNames(read.issue) : read.issue;
  const bytes = new Uint8Array(read.bytes);
  const reason = whyNoText(bytes, least);
  if (reason !== null) {
    const remedy = `name a text file, or one of the shipped texts: ${Object.keys(shippedTexts()).join(', ')}`;
    return { code: 'E_TEXT', path, value: name, rule: reason, remedy };
  }
  return {
    name: known === null ? basename(name) : name,
    bytes,
    source: known === null ? null : `${known.title}; ${known.source}, ${known.asOf}`,
    licence: known?.licence ?? null,
    fingerprint: printOf(bytes),
  };
}

/** A file that is not there may have been meant as the name of a text. */
function withNames(issue: Issue): Issue {
  return { ...issue, remedy: `${issue.remedy}; shipped texts are ${Object.keys(shippedTexts()).join(', ')}` };
}

/** First bytes of files that are often taken for others. */
const SIGNATURES: readonly (readonly [string, readonly number[]])[] = [
  ['a gzip file', [0x1f, 0x8b]],
  ['a PNG picture', [0x89, 0x50, 0x4e, 0x47]],
  ['a JPEG picture', [0xff, 0xd8, 0xff]],
  ['a PDF document', [0x25, 0x50, 0x44, 0x46]],
  ['a ZIP archive', [0x50, 0x4b, 0x03, 0x04]],
];

function whyNoText(bytes: Uint8Array, least: number): string | null {
  if (bytes.length === 0) return 'a text must not be empty';
  const [kind] = SIGNATURES.find(([, first]) => first.every((byte, at) => bytes[at] === byte)) ?? [];
  if (kind !== undefined) return `must be text, and is ${kind}`;
  const zero = bytes.indexOf(0);
  if (zero !== -1) return `must be text, and byte ${zero} is 0`;
  if (!isUtf8(bytes)) return 'must be text in UTF-8';
  const controls = bytes.reduce((count, byte) => count + (isControl(byte) ? 1 : 0), 0);
  if (controls > bytes.length * MOST_CONTROLS) return `must be text, and ${controls} of its ${bytes.length} bytes are control characters`;
  if (bytes.length < least)
    return `must have at least ${least} bytes, and has ${bytes.length}: learned from and held out, each part needs a sequence and a word`;
  return null;
}

/** Texts have a form feed or an escape sequence here and there. */
const MOST_CONTROLS = 0.1;

/** Control characters but those of layout: tab, line feed, vertical tab, form feed, carriage return. */
function isControl(byte: number): boolean {
  return (byte < 0x20 && (byte < 0x09 || byte > 0x0d)) || byte === 0x7f;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function printOf(bytes: Uint8Array): string {
  const print = emptyFingerprint();
  addNumbers(print, bytes);
  return fingerprintText(print);
}

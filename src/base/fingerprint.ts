/**
 * Two 32-bit multiplicative lanes over the exact bits of numbers and strings: not for secrets, but any moved bit shows.
 * Callers choose the ingredients (times; devices and tasks; bytes), as OMNeT++ does for trajectories.
 */
export interface Fingerprint {
  low: number;
  high: number;
}

/** One double, and its two words; which of them is the high one depends on the machine, what is added does not. */
const double = new Float64Array(1);
const words = new Int32Array(double.buffer);
const HIGH = new Uint8Array(Float64Array.of(1).buffer)[7] === 0x3f ? 1 : 0;

export function emptyFingerprint(): Fingerprint {
  return { low: 0x811c9dc5, high: 0x9747b28c };
}

function addWord(print: Fingerprint, word: number): void {
  print.low = lowAfter(print.low, word);
  print.high = highAfter(print.high, word, print.low);
}

function lowAfter(low: number, word: number): number {
  const product = Math.imul(low ^ word, 0x01000193);
  return product ^ (product >>> 15);
}

/** `low` has taken in the word already. */
function highAfter(high: number, word: number, low: number): number {
  const product = Math.imul(high ^ ((word << 13) | (word >>> 19)), 0x5bd1e995);
  return product ^ (product >>> 13) ^ low;
}

/** Adds the 64 bits of a double; -0 counts as 0 so that equal numbers print equally. */
export function addNumber(print: Fingerprint, value: number): void {
  double[0] = value === 0 ? 0 : value;
  addWord(print, words[HIGH]);
  addWord(print, words[1 - HIGH]);
}

/** All links and spans of a trace go through here: block by block, because V8 compiles a function that is called again sooner than a long loop. */
export function addNumbers(print: Fingerprint, values: ArrayLike<number>): void {
  addNumber(print, values.length);
  for (let first = 0; first < values.length; first += BLOCK) addBlock(print, values, first, Math.min(first + BLOCK, values.length));
}

const BLOCK = 512;

function addBlock(print: Fingerprint, values: ArrayLike<number>, first: number, end: number): void {
  let { low, high } = print;
  for (let i = first; i < end; i++) {
    double[0] = values[i] === 0 ? 0 : values[i];
    low = lowAfter(low, words[HIGH]);
    high = highAfter(high, words[HIGH], low);
    low = lowAfter(low, words[1 - HIGH]);
    high = highAfter(high, words[1 - HIGH], low);
  }
  print.low = low;
  print.high = high;
}

export function addText(print: Fingerprint, text: string): void {
  addWord(print, text.length);
  for (let i = 0; i < text.length; i++) addWord(print, text.charCodeAt(i));
}

/** Sixteen hexadecimal digits. */
export function fingerprintText(print: Fingerprint): string {
  return hex(print.high) + hex(print.low);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

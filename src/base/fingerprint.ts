/**
 * Two 32-bit multiplicative lanes over the exact bits of numbers and strings: not for secrets, but any moved bit shows.
 * Callers choose the ingredients (times; devices and tasks; bytes), as OMNeT++ does for trajectories.
 */
export interface Fingerprint {
  low: number;
  high: number;
}

const bits = new DataView(new ArrayBuffer(8));

export function emptyFingerprint(): Fingerprint {
  return { low: 0x811c9dc5, high: 0x9747b28c };
}

function addWord(print: Fingerprint, word: number): void {
  print.low = Math.imul(print.low ^ word, 0x01000193);
  print.low = (print.low ^ (print.low >>> 15)) | 0;
  print.high = Math.imul(print.high ^ ((word << 13) | (word >>> 19)), 0x5bd1e995);
  print.high = (print.high ^ (print.high >>> 13) ^ print.low) | 0;
}

/** Adds the 64 bits of a double; -0 counts as 0 so that equal numbers print equally. */
export function addNumber(print: Fingerprint, value: number): void {
  bits.setFloat64(0, value === 0 ? 0 : value);
  addWord(print, bits.getInt32(0));
  addWord(print, bits.getInt32(4));
}

export function addNumbers(print: Fingerprint, values: ArrayLike<number>): void {
  addNumber(print, values.length);
  for (let i = 0; i < values.length; i++) addNumber(print, values[i]);
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

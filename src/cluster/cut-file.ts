/** Of the header of a 64-bit ELF file (System V ABI, chapter 4, figure 4-3): places of its fields. */
const MAGIC = 0x7f45_4c46;
const SECTION_TABLE = 0x28;
const SECTION_BYTES = 0x3a;
const SECTIONS = 0x3c;
const HEADER_BYTES = 0x40;

/**
 * Whether a library for Linux ends before its table of sections does, which linkers write last. Its loader maps what the header promises, and to touch what is not there
 * ends the process (SIGBUS), where any other broken file is only refused.
 */
export function isCutOff(library: Uint8Array): boolean {
  const header = new DataView(library.buffer, library.byteOffset, library.byteLength);
  if (library.length < HEADER_BYTES || header.getUint32(0) !== MAGIC) return false;
  const tableBytes = header.getUint16(SECTION_BYTES, true) * header.getUint16(SECTIONS, true);
  return Number(header.getBigUint64(SECTION_TABLE, true)) + tableBytes > library.length;
}

/** What a terminal would obey instead of showing: C0, DEL and C1 controls, marks that turn the direction of text, and separators of lines. */
const OBEYED = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;

/** One line of text as a terminal may get it, whoever wrote it: breaks become spaces, other controls go. */
export function printable(text: string): string {
  return text.replace(BREAKS, ' ').replace(OBEYED, '');
}

/** As `printable`, line by line. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

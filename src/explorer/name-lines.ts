/** More lines than this are cut: the table below the picture has the whole name. */
const MOST_LINES = 4;

/** A name in lines of at most `longest` characters, broken behind a space, a hyphen or a comma, or within a word that is longer. */
export function nameLines(name: string, longest: number): string[] {
  const width = Math.max(4, longest);
  const lines: string[] = [''];
  for (const piece of name.match(/[^\s\-,]*[\s\-,]?/g) ?? []) {
    const last = lines[lines.length - 1];
    if ((last + piece).trimEnd().length <= width) lines[lines.length - 1] = last + piece;
    else {
      const chunks = piece.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
      if (last === '') lines.pop();
      lines.push(...chunks);
    }
  }
  const trimmed = lines.map((line) => line.trimEnd()).filter((line, i) => line !== '' || i === 0);
  if (trimmed.length <= MOST_LINES) return trimmed;
  const cut = trimmed[MOST_LINES - 1].slice(0, width - 1);
  return [...trimmed.slice(0, MOST_LINES - 1), `${cut}…`];
}

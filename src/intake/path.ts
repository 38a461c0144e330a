/** Where a value stands inside a document: keys and list positions from the root. */
export type Path = readonly (string | number)[];

/** `['layout', 'ici', 'data']` as `layout.ici.data`, list positions as `[0]`. */
export function dotted(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** Inverse of `dotted` for keys without dots of their own. */
export function parsePath(text: string): (string | number)[] {
  if (text === '') return [];
  return text.split('.').flatMap((part) => {
    const [key, ...positions] = part.split(/[[\]]+/).filter((piece) => piece !== '');
    return [key, ...positions.map(Number)];
  });
}

/** The value at a path of a plain document, or undefined. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** A copy with `value` at `path`, or without the entry when `value` is undefined; groups on the way are made where they are missing. */
export function withValueAt(root: unknown, path: Path, value: unknown): unknown {
  if (path.length === 0) return value;
  const [step, ...rest] = path;
  if (Array.isArray(root) && typeof step === 'number') {
    return root.map((entry, i) => (i === step ? withValueAt(entry, rest, value) : entry));
  }
  const group = typeof root === 'object' && root !== null && !Array.isArray(root) ? root : {};
  const child = withValueAt(valueAt(group, [step]), rest, value);
  const others = Object.entries(group).filter(([key]) => key !== String(step));
  return Object.fromEntries(child === undefined ? others : [...others, [step, child]]);
}

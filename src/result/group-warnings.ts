import type { Warning } from './types.ts';

/** What one variant is warned of. */
export interface VariantWarnings {
  readonly name: string;
  readonly warnings: readonly Warning[];
}

/** Whole or decimal numbers that are no part of a word, as in `f32` or `tpu-v3:4x4`. */
const NUMBER = /(?<![\w.])\d+(?:\.\d+)?(?!\w|\.\d)/g;

/**
 * Each warning once: those that differ in their numbers alone become one with ranges (`26.4 to 97.8 % of the tokens`). What is not true of all
 * variants names those of which it is, unless it begins with that name itself.
 */
export function groupWarnings(variants: readonly VariantWarnings[]): Warning[] {
  const groups = new Map<string, { code: string; messages: string[]; names: Set<string> }>();
  for (const { name, warnings } of variants) {
    for (const { code, message } of warnings) {
      const key = `${code} ${message.replace(NUMBER, '#')}`;
      const group = groups.get(key) ?? { code, messages: [], names: new Set() };
      group.messages.push(message);
      group.names.add(name);
      groups.set(key, group);
    }
  }
  const all = new Set(variants.map(({ name }) => name)).size;
  return [...groups.values()].map(({ code, messages, names }) => {
    const message = withRanges(messages);
    return { code, message: names.size === all ? message : `${prefix([...names], message)}${message}` };
  });
}

function prefix(names: readonly string[], message: string): string {
  if (names.length === 1 && message.startsWith(`${names[0]} `)) return '';
  return `${names.join(names.some((name) => name.includes(',')) ? '; ' : ', ')}: `;
}

/** The first message, with the smallest and largest number wherever they are not all the same. */
function withRanges(messages: readonly string[]): string {
  const numbers = messages.map((message) => message.match(NUMBER) ?? []);
  let place = 0;
  return messages[0].replace(NUMBER, () => {
    const here = numbers.map((row) => row[place]).sort((a, b) => Number(a) - Number(b));
    place++;
    const [low, high] = [here[0], here[here.length - 1]];
    return low === high ? low : `${low} to ${high}`;
  });
}

import { InputError, type Issue } from '../base/index.ts';
import { scenarioJsonSchema } from './json-schema.ts';
import { type LoadInput, loadSchema } from './load-schema.ts';
import { shapeIssues } from './shape-issues.ts';

/**
 * Reads a load as the command line writes it: `hot-expert`, `hot-expert:share=0.5,expert=3`, `measured:clustering=strong` or `trace:choices.npy`.
 * Throws an InputError with everything that is wrong with it.
 */
export function parseLoadOption(text: string): LoadInput {
  const [, kind = '', rest] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  const document = kind === 'trace' ? { kind, ...(rest ? { file: rest } : {}) } : { kind, ...readOptions(text, rest) };
  const parsed = loadSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const found = parsed.error.issues.map((issue) => ({ ...issue, path: ['load', ...issue.path] }));
  throw new InputError(shapeIssues(found, { load: document }, scenarioJsonSchema()).map(({ issue }) => asLoadOption(issue)));
}

/** An issue about the load, when the load comes from the command line: it has no place in the scenario's file. */
export function asLoadOption({ place: _, ...issue }: Issue): Issue {
  return { ...issue, path: issue.path.replace(/^load(\.kind)?\.?/, '--load ').trimEnd() };
}

function readOptions(text: string, rest: string | undefined): Readonly<Record<string, unknown>> {
  if (rest === undefined) return {};
  const pairs = rest.split(',').map((part) => /^\s*([A-Za-z]+)\s*=\s*(\S+)\s*$/.exec(part));
  if (pairs.includes(null)) {
    const rule = 'must be a kind of load, then a colon and name=value, separated by commas';
    throw new InputError([
      { code: 'E_USAGE', path: '--load', value: JSON.stringify(text), rule, remedy: 'e.g. --load hot-expert:share=0.5' },
    ]);
  }
  const names = pairs.map((pair) => pair?.[1]);
  const again = names.find((name, i) => names.indexOf(name) < i);
  if (again !== undefined) {
    const rule = `names ${again} more than once`;
    throw new InputError([{ code: 'E_USAGE', path: '--load', value: JSON.stringify(text), rule, remedy: `keep one ${again}=` }]);
  }
  return Object.fromEntries(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1], readValue(pair[2])]])));
}

function readValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isFinite(Number(text)) ? Number(text) : text;
}

import { type Document, isAlias, isMap, isNode, isPair, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Issue, Place } from '../base/index.ts';
import type { Path } from './path.ts';

/** A parsed YAML or JSON file that can say where each of its values stands. */
export interface YamlSource {
  readonly file: string;
  /** Plain value; undefined when the text is not well-formed. */
  readonly value: unknown;
  readonly issues: readonly Issue[];
  /** Place of the value (or of its key) at a path; of the nearest group around it when the file does not write it out. */
  readonly placeOf: (path: Path, at: 'key' | 'value') => Place;
}

/** What follows the first few syntax errors is mostly their consequence. */
const MAX_SYNTAX_ERRORS = 3;
const MAX_ALIASES = 100;
const MAX_DEPTH = 24;

/** `version` 1.1 is the dialect of Python's loaders, in which `32_000` is a number. */
export function parseYaml(file: string, text: string, version: '1.1' | '1.2' = '1.2'): YamlSource {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  let document: Document;
  let value: unknown;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version, logLevel: 'error' });
    // Where the stack of the parser ends differs from run to run.
    if (document.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) throw new RangeError('too deep');
    if (document.errors.length > 0) {
      const issues = document.errors.slice(0, MAX_SYNTAX_ERRORS).map((error) => syntaxIssue(error.code, error.message, at(error.pos[0])));
      return { file, value: undefined, issues, placeOf: () => at(0) };
    }
    const tagged = tagIssues(document, at);
    if (tagged.length > 0) return { file, value: undefined, issues: tagged, placeOf: () => at(0) };
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
    if (depthOf(value) > MAX_DEPTH) throw new RangeError('too deep');
  } catch (error) {
    // The parser recurses over nesting and counts what aliases expand to; both limits surface as these two.
    if (!(error instanceof RangeError || error instanceof ReferenceError)) throw error;
    return { file, value: undefined, issues: [nestingIssue(file)], placeOf: () => at(0) };
  }
  return { file, value, issues: [], placeOf: (path, which) => at(offsetOf(document, path, which)) };
}

/** Tags make values that are no plain data (bytes, sets, dates), or turn numbers into texts without a word. */
function tagIssues(document: Document, at: (offset: number) => Place): Issue[] {
  const issues: Issue[] = [];
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node) || node.tag === undefined) return;
      const place = at(node.range?.[0] ?? 0);
      issues.push({
        code: 'E_YAML',
        path: '',
        value: `the tag ${node.tag}`,
        rule: 'values are written without tags',
        remedy: 'remove the tag',
        place,
      });
    },
  });
  return issues.slice(0, MAX_SYNTAX_ERRORS);
}

function offsetOf(document: Document, path: Path, at: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && keyText(item.key) === String(step));
      if (pair === undefined) return offset;
      const last = depth === path.length - 1;
      const target = (last && at === 'key') || !isNode(pair.value) ? pair.key : pair.value;
      offset = isNode(target) ? (target.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
      node = node.items[step];
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function keyText(key: unknown): string {
  return isNode(key) && 'value' in key ? String(key.value) : String(key);
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const entry of Object.values(value)) deepest = Math.max(deepest, depthOf(entry));
  return deepest + 1;
}

function syntaxIssue(code: string, message: string, place: Place): Issue {
  if (code === 'MULTIPLE_DOCS') {
    const remedy = 'keep one scenario per file and remove what follows the line ---';
    return { code: 'E_YAML', path: '', value: 'a second document', rule: 'a file holds one YAML document', remedy, place };
  }
  return {
    code: 'E_YAML',
    path: '',
    value: message.split('\n')[0].replace(/[.:]$/, ''),
    rule: `must be well-formed YAML or JSON (${code.toLowerCase().replaceAll('_', ' ')})`,
    remedy: code === 'DUPLICATE_KEY' ? 'keep one of the two lines' : 'check brackets, quotes and indentation here and in the line before',
    place,
  };
}

function nestingIssue(file: string): Issue {
  return {
    code: 'E_NESTING',
    path: '',
    value: 'nested too deeply, or aliases expand too often',
    rule: `at most ${MAX_DEPTH} levels and ${MAX_ALIASES} uses of aliases`,
    remedy: 'write the values out',
    place: { file, line: 1, column: 1 },
  };
}

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vite';

/** The checkout; all paths below are relative to it, with forward slashes. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** All files under a folder of the checkout whose names end so, in order; none when the folder does not exist. */
export function filesUnder(folder: string, ...endings: readonly string[]): readonly string[] {
  let entries: readonly string[];
  try {
    entries = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const wanted = entries.filter((entry) => endings.some((ending) => entry.endsWith(ending)) && !entry.includes('node_modules'));
  return wanted.map((entry) => `${folder}/${entry.split(sep).join('/')}`).sort();
}

export function textOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** A node of a syntax tree (ESTree with TypeScript), loosely: only what the checks ask about. */
export type SyntaxNode = Readonly<Record<string, unknown>> & { readonly type: string };

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

const trees = new Map<string, SyntaxNode>();

export function treeOf(file: string): SyntaxNode {
  const known = trees.get(file);
  if (known !== undefined) return known;
  const tree = parse(textOf(file), file);
  trees.set(file, tree);
  return tree;
}

export function parse(code: string, name: string): SyntaxNode {
  const tree: unknown = parseAst(code, { lang: name.endsWith('.js') ? 'js' : 'ts' }, name);
  if (!isNode(tree)) throw new Error(`${name} has no syntax tree`);
  return tree;
}

/** All nodes of a tree, parents first. */
export function* nodesOf(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const child of Object.values(node)) {
    for (const one of Array.isArray(child) ? child : [child]) if (isNode(one)) yield* nodesOf(one);
  }
}

export function lineOf(file: string, node: SyntaxNode): number {
  return textOf(file).slice(0, Number(node.start)).split('\n').length;
}

const IMPORTS = new Set(['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression', 'TSImportType']);

export interface Import {
  readonly file: string;
  /** As written: `../base/index.ts`, `node:fs`, `yaml`. */
  readonly specifier: string;
  /** The imported file, for a relative specifier; null for a package. */
  readonly target: string | null;
}

export function importsOf(file: string): readonly Import[] {
  const found: Import[] = [];
  for (const node of nodesOf(treeOf(file))) {
    const source = IMPORTS.has(node.type) ? node.source : undefined;
    if (!isNode(source) || typeof source.value !== 'string') continue;
    const specifier = source.value;
    const target = specifier.startsWith('.')
      ? relative(ROOT, join(ROOT, dirname(file), specifier))
          .split(sep)
          .join('/')
      : null;
    found.push({ file, specifier, target });
  }
  return found;
}

/** Room of a source file: the first folder under `src`. */
export function roomOf(file: string): string {
  return file.split('/')[1];
}

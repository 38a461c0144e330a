import { describe, expect, it } from 'vitest';
import { CORE_ROOMS } from './rooms.ts';
import { filesUnder, isNode, lineOf, nodesOf, parse, roomOf, type SyntaxNode, treeOf } from './sources.ts';

/** Results of these differ between engines or between runs; basic arithmetic, sqrt, fround, imul and rounding do not. */
const UNSAFE_MATH =
  'random pow exp expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh cbrt hypot f16round'.split(
    ' ',
  );
const UNSAFE_GLOBALS = ['Date', 'performance', 'crypto', 'Intl'];
const UNSAFE_METHODS = ['toLocaleString', 'toLocaleUpperCase', 'toLocaleLowerCase', 'localeCompare'];

const isConstant = (node: unknown): boolean =>
  isNode(node) && (node.type === 'Literal' || (node.type === 'UnaryExpression' && isConstant(node.argument)));

/** What is unsafe about a node, in words; undefined when nothing is. */
function fault(node: SyntaxNode): string | undefined {
  if (node.type === 'BinaryExpression' && node.operator === '**') {
    return isConstant(node.left) && isConstant(node.right) ? undefined : '** of what is not constant';
  }
  if (node.type === 'AssignmentExpression' && node.operator === '**=') return '**=';
  if (node.type === 'MemberExpression' && isNode(node.property) && isNode(node.object)) {
    const name = String(node.property.name ?? node.property.value);
    if (node.object.type === 'Identifier' && node.object.name === 'Math' && UNSAFE_MATH.includes(name)) return `Math.${name}`;
    if (UNSAFE_METHODS.includes(name)) return name;
    if (UNSAFE_GLOBALS.includes(String(node.object.name)) && node.object.type === 'Identifier') return String(node.object.name);
  }
  if ((node.type === 'NewExpression' || node.type === 'CallExpression') && isNode(node.callee) && node.callee.name === 'Date')
    return 'Date';
  // `const { exp } = Math` would hide from the check above.
  if (node.type === 'VariableDeclarator' && isNode(node.init) && node.init.name === 'Math') return 'Math taken apart';
  return undefined;
}

const files = filesUnder('src', '.ts').filter((file) => CORE_ROOMS.includes(roomOf(file)));

describe('fingerprinted rooms compute the same everywhere', () => {
  it('looks at all of the core', () => {
    expect(files.length).toBeGreaterThan(50);
    const computations = files.flatMap((file) => [...nodesOf(treeOf(file))].filter((node) => node.type === 'BinaryExpression'));
    expect(computations.length).toBeGreaterThan(500);
  });

  it('uses nothing that differs between engines, runs or places', () => {
    const faults = files.flatMap((file) =>
      [...nodesOf(treeOf(file))].flatMap((node) => {
        const words = fault(node);
        return words === undefined ? [] : [`${file}:${lineOf(file, node)} ${words}`];
      }),
    );
    expect(faults).toEqual([]);
  });

  it.each([
    ['const a = x ** 2;', true],
    ['const a = 2 ** 50;', false],
    ['x **= 2;', true],
    ['const a = Math.exp(x);', true],
    ["const a = Math['random']();", true],
    ['const { tanh } = Math;', true],
    ['const a = Math.sqrt(Math.fround(x)) * Math.LN2;', false],
    ['const a = new Date();', true],
    ['const a = Date.now();', true],
    ['const a = x.toLocaleString();', true],
    ['const { exp } = kernels; const a = exp(x); // Math.exp(x) ** y', false],
  ])('%s', (code, unsafe) => {
    const faults = [...nodesOf(parse(code, 'example.ts'))].map(fault).filter((words) => words !== undefined);
    expect(faults.length > 0).toBe(unsafe);
  });
});

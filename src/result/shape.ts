import type { Issue } from '../base/index.ts';

/** A shape of JSON, as data: what `checkShape` holds an unknown value against. */
export type Shape =
  | { readonly is: 'number' | 'text' | 'flag' | 'anything' }
  | { readonly is: 'oneOf'; readonly values: readonly string[] }
  | { readonly is: 'list'; readonly of: Shape }
  | { readonly is: 'table'; readonly of: Shape }
  | { readonly is: 'object'; readonly keys: Readonly<Record<string, Shape>>; readonly optional: Readonly<Record<string, Shape>> }
  | { readonly is: 'nullable'; readonly of: Shape };

export const number: Shape = { is: 'number' };
export const text: Shape = { is: 'text' };
export const flag: Shape = { is: 'flag' };
export const anything: Shape = { is: 'anything' };
export const oneOf = (...values: readonly string[]): Shape => ({ is: 'oneOf', values });
export const list = (of: Shape): Shape => ({ is: 'list', of });
/** An object with any keys. */
export const table = (of: Shape): Shape => ({ is: 'table', of });
export const nullable = (of: Shape): Shape => ({ is: 'nullable', of });
/** Further keys are allowed: a newer version may have added some. */
export const object = (keys: Readonly<Record<string, Shape>>, optional: Readonly<Record<string, Shape>> = {}): Shape => ({
  is: 'object',
  keys,
  optional,
});

/** More than this many issues say nothing more than that the file is something else. */
const MOST_ISSUES = 12;

/** All places where `value` is not of the shape, in order, at most a screenful. */
export function checkShape(value: unknown, shape: Shape, code: string, remedy: string): Issue[] {
  const issues: Issue[] = [];
  const visit = (at: string, inner: unknown, wanted: Shape): void => {
    if (issues.length >= MOST_ISSUES) return;
    const rule = violated(inner, wanted);
    if (rule !== undefined) {
      issues.push({ code, path: at, value: excerpt(inner), rule, remedy });
      return;
    }
    for (const [key, child, childShape] of childrenOf(inner, wanted)) visit(joinPath(at, key), child, childShape);
  };
  visit('', value, shape);
  return issues;
}

function joinPath(at: string, key: string): string {
  return at === '' || key === '' ? at + key : `${at}.${key}`;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What must hold of `value` itself and does not; its children are looked at afterwards. */
function violated(value: unknown, shape: Shape): string | undefined {
  switch (shape.is) {
    case 'number':
      return Number.isFinite(value) ? undefined : 'must be a finite number';
    case 'text':
      return typeof value === 'string' ? undefined : 'must be text';
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'oneOf':
      return typeof value === 'string' && shape.values.includes(value) ? undefined : `must be one of ${shape.values.join(', ')}`;
    case 'list':
      return Array.isArray(value) ? undefined : 'must be a list';
    case 'table':
    case 'object':
      return isRecord(value) ? undefined : 'must be an object';
    case 'nullable':
    case 'anything':
      return undefined;
  }
}

function childrenOf(value: unknown, shape: Shape): readonly (readonly [string, unknown, Shape])[] {
  if (shape.is === 'list' && Array.isArray(value)) return value.map((child: unknown, i) => [String(i), child, shape.of] as const);
  if (shape.is === 'table' && isRecord(value)) return Object.entries(value).map(([key, child]) => [key, child, shape.of] as const);
  if (shape.is === 'nullable' && value !== null) return [['', value, shape.of] as const];
  if (shape.is !== 'object' || !isRecord(value)) return [];
  const required = Object.entries(shape.keys).map(([key, child]) => [key, value[key], child] as const);
  const present = Object.entries(shape.optional).filter(([key]) => value[key] !== undefined);
  return [...required, ...present.map(([key, child]) => [key, value[key], child] as const)];
}

const EXCERPT_CHARACTERS = 40;

function excerpt(value: unknown): string {
  if (value === undefined) return 'missing';
  const written = JSON.stringify(value) ?? String(value);
  return written.length > EXCERPT_CHARACTERS ? `${written.slice(0, EXCERPT_CHARACTERS)}...` : written;
}

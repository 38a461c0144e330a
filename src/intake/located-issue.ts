import type { Issue } from '../base/index.ts';
import { dotted, type Path, parsePath } from './path.ts';
import type { YamlSource } from './yaml-source.ts';

/** An issue and where in the document to point: at the key when the key is wrong, else at the value. */
export interface LocatedIssue {
  readonly issue: Issue;
  readonly at: Path;
  readonly point: 'key' | 'value';
}

/** An issue about the value at a path. */
export function issueAt(
  at: Path,
  code: string,
  value: string,
  rule: string,
  remedy: string,
  point: 'key' | 'value' = 'value',
): LocatedIssue {
  return { issue: { code, path: dotted(at), value, rule, remedy }, at, point };
}

/** Issues of rules know their dotted path only. */
export function located(issue: Issue): LocatedIssue {
  return { issue, at: parsePath(issue.path), point: 'value' };
}

/** Adds file, line and column, sorts by place, and keeps one of equal issues. Issues that already have a place keep it. */
export function placeIssues(source: YamlSource, issues: readonly LocatedIssue[]): Issue[] {
  const placed = issues.map(({ issue, at, point }) => ({ ...issue, place: issue.place ?? source.placeOf(at, point) }));
  placed.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  const seen = new Set<string>();
  return placed.filter((issue) => {
    const key = `${issue.code} ${issue.path} ${issue.rule}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** A value as the user would recognise it, in at most 60 characters. */
export function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing');
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

import { InputError, type Issue } from '../base/index.ts';
import type { LayoutGroup } from './layout-schema.ts';
import { valueAt, withValueAt } from './path.ts';

export type NamedLayoutOption = Required<Pick<LayoutGroup, 'name'>> & Pick<LayoutGroup, 'tensor'>;

/** Keys of a layout that a name says, or that only stand beside one. */
const NAMED_KEYS = ['name', 'tensor', 'ici', 'expertsOver', 'maxtext'] as const;

/** Reads a layout as the command line writes it: `expert-data`, or `expert-model-data:tensor=8`. */
export function parseLayoutOption(text: string): NamedLayoutOption {
  const [, name, tensor] = /^([^:]+)(?::tensor=([1-9][0-9]{0,5}))?$/.exec(text) ?? [];
  if (name === undefined || name.includes('=')) {
    const rule = 'must be the name of a layout, and may have :tensor= with the members of its tensor axis';
    const issue = {
      code: 'E_USAGE',
      path: '--layout',
      value: JSON.stringify(text),
      rule,
      remedy: 'e.g. --layout expert-model-data:tensor=8; sizes of axes stand under layout.ici in the scenario',
    };
    throw new InputError([issue]);
  }
  return tensor === undefined ? { name } : { name, tensor: Number(tensor) };
}

/** A scenario with that layout; what is not about axes stays as the file says it. */
export function withLayout(document: unknown, option: NamedLayoutOption): unknown {
  const layout = valueAt(document, ['layout']);
  const kept = typeof layout === 'object' ? NAMED_KEYS.reduce((group: unknown, key) => withValueAt(group, [key], undefined), layout) : {};
  return withValueAt(document, ['layout'], { ...(kept as object), ...option });
}

/** An issue about a layout that comes from the command line: it has no place in the scenario's file. */
export function asLayoutOption({ place: _, ...issue }: Issue): Issue {
  return { ...issue, path: issue.path.replace(/^layout(\.name)?\.?/, '--layout ').trimEnd() };
}

import type { OptionSpec } from '../routing/index.ts';

/** What an option may be, what it is when nobody says, and what it means. */
export function optionText(spec: OptionSpec): string {
  switch (spec.kind) {
    case 'word':
      return `${spec.words.join(' | ')} (default ${spec.default}): ${spec.meaning}`;
    case 'switch':
      return `true | false (default ${spec.default}): ${spec.meaning}`;
    case 'number':
      return `${spec.whole ? 'whole number ' : ''}${spec.min}..${spec.max} (default ${spec.default}): ${spec.meaning}`;
  }
}

/** A varied value in few words: text as it is, a group with a `kind` as `hot-expert share=0.5`, everything else as JSON. */
export function variedValueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string') {
    const { kind, ...others } = value;
    return [kind, ...Object.entries(others).map(([key, other]) => `${key}=${variedValueText(other)}`)].join(' ');
  }
  return JSON.stringify(value) ?? 'none';
}

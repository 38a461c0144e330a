/** A varied value in few words: text as it is, a group with a `kind` or `name` as `hot-expert share=0.5` or `topk topK=4`, everything else as JSON. */
export function variedValueText(value: unknown): string {
  if (typeof value === 'string') return value;
  for (const title of ['kind', 'name']) {
    if (typeof value !== 'object' || value === null || !(title in value)) continue;
    const { [title]: first, ...others } = value as Readonly<Record<string, unknown>>;
    return [variedValueText(first), ...Object.entries(others).map(([key, other]) => `${key}=${variedValueText(other)}`)].join(' ');
  }
  return JSON.stringify(value) ?? 'none';
}

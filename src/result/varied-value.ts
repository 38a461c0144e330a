/**
 * A varied value in few words: text as it is, a group with a `kind` or `name` as `hot-expert share=0.5` or `topk topK=4`, any other one by its entries
 * (`wrap=closed jitter=0.02`; `default` where it says nothing), everything else as JSON.
 */
export function variedValueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value) ?? 'none';
  const group = value as Readonly<Record<string, unknown>>;
  const title = ['kind', 'name'].find((key) => key in group);
  const others = Object.entries(group).filter(([key]) => key !== title);
  const words = others.map(([key, other]) => `${key}=${variedValueText(other)}`);
  if (title !== undefined) words.unshift(variedValueText(group[title]));
  return words.length === 0 ? 'default' : words.join(' ');
}

/** `router switch-top1, capacityFactor 1.25`: the last word of each dotted path is enough to tell variants apart; a name needs none where only one key varies. */
export function variantTitle(vary: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(vary);
  if (pairs.length === 0) return 'baseline';
  if (pairs.length === 1 && typeof pairs[0][1] !== 'number' && typeof pairs[0][1] !== 'boolean') return variedValueText(pairs[0][1]);
  return pairs.map(([path, value]) => `${path.slice(path.lastIndexOf('.') + 1)} ${variedValueText(value)}`).join(', ');
}

/** Text into HTML, so that no name, path or message can become markup or script. */
export function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;').replace(/'/g, '&#39;');
}

/** Keeps a number and its unit on one line. */
export function unbroken(text: string): string {
  return text.replace(/(\d) (?=(?:%|×|min|h|[mµnp]?s|[kMGTP]?B)(?!\w))/g, '$1\u00a0');
}

/** Markup that has already been escaped. */
export interface Html {
  readonly html: string;
}

type Value = Html | string | number | readonly Html[] | null;

/** Template tag: every value that is not itself `Html` is escaped; null leaves nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  let out = parts[0] ?? '';
  values.forEach((value, i) => {
    out += piece(value) + (parts[i + 1] ?? '');
  });
  return { html: out };
}

function piece(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return 'html' in value ? value.html : value.map((item) => item.html).join('');
}

/**
 * JSON that may stand inside a script element: `<` is escaped, so that neither `</script` nor `<!--` can occur, and so are the two
 * line separators that JSON allows and older scripts do not.
 */
export function jsonForScript(value: unknown): Html {
  const text = JSON.stringify(value)
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
  return { html: text };
}

import { addText, emptyFingerprint, fingerprintText } from '../base/index.ts';

/** JSON with the keys of every object in order, so that equal values give equal text however they were built. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * Fingerprint of a result or comparison: everything but `provenance` (what may differ between two runs of one scenario) and the
 * fingerprint itself. `ingredients` are fingerprints of what is not in the JSON: the trace, the load.
 */
export function resultFingerprint(body: object, ingredients: readonly string[] = []): string {
  const kept = Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'provenance' && key !== 'fingerprint'));
  const print = emptyFingerprint();
  addText(print, canonicalJson(kept));
  for (const ingredient of ingredients) addText(print, ingredient);
  return fingerprintText(print);
}

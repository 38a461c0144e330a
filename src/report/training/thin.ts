import { formatNumber } from '../../result/index.ts';

/** A page draws at most so many points of a curve: more than a screen has pixels to show apart. */
export const MOST_POINTS = 500;

/**
 * Places of at most `most` points that stand for whole curves of one length: the first, the last, and of each of equal stretches the lowest and
 * the highest value of every curve, earlier ones before later ones where values are equal. All places where that many are asked for.
 */
export function thinned(curves: readonly (readonly number[])[], most = MOST_POINTS): readonly number[] {
  const length = curves[0]?.length ?? 0;
  if (length <= most) return Array.from({ length }, (_, at) => at);
  const stretches = Math.max(1, Math.floor((most - 2) / (2 * curves.length)));
  const places = new Set([0, length - 1]);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * length) / stretches);
    const to = Math.floor(((stretch + 1) * length) / stretches);
    for (const curve of curves) {
      let [lowest, highest] = [from, from];
      for (let at = from + 1; at < to; at++) {
        if (curve[at] < curve[lowest]) lowest = at;
        if (curve[at] > curve[highest]) highest = at;
      }
      places.add(lowest).add(highest);
    }
  }
  return [...places].sort((a, b) => a - b);
}

/** A sentence for the words of a picture; empty where every step is drawn. */
export function thinnedWords(steps: number, drawn: number): string {
  if (drawn >= steps) return '';
  return ` ${formatNumber(drawn)} of ${formatNumber(steps)} steps are drawn: the first, the last, and the lowest and highest of each stretch.`;
}

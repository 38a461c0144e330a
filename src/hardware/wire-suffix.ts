/** What stands behind the sides in a name: `4x4x8_twisted` as Cloud writes a twisted torus, `4x4x4*2` for two slices. */
export interface WireSuffix {
  /** The name without its suffix. */
  readonly stem: string;
  readonly twisted: boolean;
  readonly slices: number;
}

export function splitSuffix(name: string): WireSuffix {
  const [, stem, twisted, slices] = /^(.*?)(_twisted)?(?:\*(\d+))?$/s.exec(name) ?? ['', name];
  return { stem, twisted: twisted !== undefined, slices: slices === undefined ? 1 : Number(slices) };
}

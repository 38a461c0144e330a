import type { ModelSpec } from '../spec.ts';

/** A named model whose dimensions stand in a cited source. */
export interface Preset {
  readonly spec: ModelSpec;
  readonly source: string;
  readonly asOf: string;
}

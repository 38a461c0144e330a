import type { Topology } from './topology.ts';

/**
 * The twist that a slice of these sides may have, or null where there is none: sides are n or 2n, at least one of each, and crossing the wrap of
 * a short side goes half-way round every long one. So in n x n x 2n the wraps of x and y shift z by n, and in n x 2n x 2n the wrap of x shifts
 * y and z by n; more bytes cross the middle of the long sides, and chips are nearer to one another
 * (docs.cloud.google.com/tpu/docs/v4; Camara et al., Twisted torus topologies for enhanced interconnection networks, IEEE TPDS 2010).
 */
export function twistOf(shape: readonly number[]): readonly (readonly number[])[] | null {
  const short = Math.min(...shape);
  const fits = short >= 2 && shape.every((side) => side === short || side === 2 * short) && shape.includes(2 * short);
  if (!fits) return null;
  return shape.map((side) => shape.map((other) => (side === short && other === 2 * short ? short : 0)));
}

export function noTwist(shape: readonly number[]): readonly (readonly number[])[] {
  return shape.map(() => shape.map(() => 0));
}

export function isTwisted({ twist }: Pick<Topology, 'twist'>): boolean {
  return twist.some((row) => row.some((shift) => shift !== 0));
}

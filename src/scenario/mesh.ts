import type { Issue } from '../base/index.ts';
import { MESH_AXES, type MeshAxis } from './scenario.ts';

/**
 * Fills in absent axes with 1 and the one axis that says -1 with what is left of the devices. When nothing whole is left the axis becomes 1, and the
 * rule on the product of the axes says what is wrong.
 */
export function resolveMesh(
  axes: Readonly<Partial<Record<MeshAxis, number>>>,
  devices: number,
): { readonly ici: Record<MeshAxis, number>; readonly issues: Issue[] } {
  const filling = MESH_AXES.filter((axis) => axes[axis] === -1);
  const product = MESH_AXES.reduce((sum, axis) => sum * Math.max(1, axes[axis] ?? 1), 1);
  const rest = devices / product;
  const size = (axis: MeshAxis): number => {
    const stated = axes[axis] ?? 1;
    if (stated !== -1) return stated;
    return axis === filling[0] && Number.isInteger(rest) ? rest : 1;
  };
  const ici: Record<MeshAxis, number> = {
    data: size('data'),
    fsdp: size('fsdp'),
    tensor: size('tensor'),
    expert: size('expert'),
    pipeline: size('pipeline'),
    context: size('context'),
  };
  if (filling.length < 2) return { ici, issues: [] };
  const issue: Issue = {
    code: 'E_LAYOUT_FILL',
    path: `layout.ici.${filling[1]}`,
    value: '-1',
    rule: `only one axis may fill the slice, and ${filling[0]} already does`,
    remedy: `give ${filling[1]} a number`,
  };
  return { ici, issues: [issue] };
}

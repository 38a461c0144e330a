import { InputError, nearest } from '../base/index.ts';
import { checkShape, chipCount, squarestShape } from '../hardware/index.ts';
import { MESH_AXES, type MeshAxis } from '../layout/index.ts';
import { valueAt, withValueAt } from './path.ts';
import { resolveSlice } from './resolve-topology.ts';
import type { ScenarioInput } from './scenario-schema.ts';

/** Sizes of mesh axes; those that are not named are 1. */
export type AxesOption = Readonly<Partial<Record<MeshAxis, number>>>;

/** Reads axes as the command line writes them: `data=2,expert=4`. */
export function parseAxesOption(text: string): AxesOption {
  const axes: Partial<Record<MeshAxis, number>> = {};
  for (const part of text.split(',')) {
    const [, name = '', size = ''] = /^\s*([A-Za-z]+)\s*=\s*([0-9]+)\s*$/.exec(part) ?? [];
    const axis = MESH_AXES.find((known) => known === name);
    if (axis === undefined) throw refused(part, `must be axis=size with one of ${MESH_AXES.join(', ')}`, nearest(name, MESH_AXES));
    if (axes[axis] !== undefined) throw refused(part, 'an axis may be named once');
    if (Number(size) < 1 || Number(size) > MOST_CORES) throw refused(part, `a size must be a whole number from 1 to ${MOST_CORES}`);
    axes[axis] = Number(size);
  }
  return axes;
}

const MOST_CORES = 4096;

function refused(part: string, rule: string, near?: string): InputError {
  const remedy =
    near === undefined || near === '' ? 'e.g. --layout data=2,expert=4; axes that are not named are 1' : `did you mean ${near}?`;
  return new InputError([{ code: 'E_USAGE', path: '--layout', value: JSON.stringify(part.trim()), rule, remedy }]);
}

/** Keys of a layout that axes stand in the place of; where experts lie follows from the axes. */
const AXIS_KEYS = ['name', 'tensor', 'ici', 'dcn', 'expertsOver', 'maxtext'] as const;

export interface ShrunkDocument {
  readonly document: unknown;
  /** The slice that the file names, where it has another number of cores. */
  readonly shrunkFrom: string | null;
}

/**
 * A scenario with those axes, on the smallest slice of its chip that has as many cores. Where chips have more than one core and the cores do not fill them, one core
 * of each chip takes part.
 */
export function withAxes(document: unknown, axes: AxesOption): ShrunkDocument {
  const cores = Object.values(axes).reduce((product, size) => product * size, 1);
  const layout = valueAt(document, ['layout']);
  const kept = typeof layout === 'object' ? AXIS_KEYS.reduce((group: unknown, key) => withValueAt(group, [key], undefined), layout) : {};
  const ici = Object.fromEntries(MESH_AXES.map((axis) => [axis, axes[axis] ?? 1]));
  const cut = withValueAt(document, ['layout'], { ...(kept as object), ici });
  const { chip, group } = resolveSlice(valueAt(document, ['topology']) as ScenarioInput['topology'], 'topology');
  if (chip === null || group === null) return { document: cut, shrunkFrom: null };
  const own = chipCount(group.shape) * (group.devicesPerChip ?? chip.devicesPerChip) * (group.slices ?? 1);
  if (own === cores) return { document: cut, shrunkFrom: null };
  const fills = cores % chip.devicesPerChip === 0;
  const chips = fills ? cores / chip.devicesPerChip : cores;
  const shape = squarestShape(chips, chip.iciDimensions === 2 ? 2 : 3);
  if (shape === undefined || checkShape(chip, shape).length > 0) {
    throw refused(axesText(axes), `no slice of ${chip.name} has ${cores} cores`);
  }
  const topology = { chip: chip.name, shape: [...shape], ...(fills ? {} : { devicesPerChip: 1 }) };
  return { document: withValueAt(cut, ['topology'], topology), shrunkFrom: group.shape.join('x') };
}

function axesText(axes: AxesOption): string {
  return Object.entries(axes)
    .map(([axis, size]) => `${axis}=${size}`)
    .join(',');
}

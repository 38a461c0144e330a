import { MESH_AXES, MODELLED } from '../scenario/index.ts';
import { issueAt, type LocatedIssue, shown } from './located-issue.ts';
import { type Path, valueAt } from './path.ts';

/** A key or value that a scenario may name but that the program cannot express yet. */
interface Unmodelled {
  readonly path: Path;
  /** Whether the value that the file has is fine all the same. */
  readonly harmless?: (value: unknown) => boolean;
  readonly is: string;
  readonly instead: string;
}

const UNMODELLED: readonly Unmodelled[] = [
  {
    path: ['topology', 'slices'],
    harmless: (value) => typeof value === 'number' && value <= MODELLED.slices,
    is: 'several slices joined by the data-centre network',
    instead: 'use one slice; remove topology.slices',
  },
  {
    path: ['model', 'huggingFace'],
    is: 'reading a Hugging Face configuration',
    instead: 'use a preset, or write the dimensions under model',
  },
  { path: ['model', 'maxtext'], is: 'reading a MaxText configuration', instead: 'use a preset, or write the dimensions under model' },
  { path: ['layout', 'dcn'], harmless: allOnes, is: 'mesh axes over several slices', instead: 'remove layout.dcn; use layout.ici' },
  ...MESH_AXES.filter((axis) => !MODELLED.axes.includes(axis)).map(
    (axis): Unmodelled => ({
      path: ['layout', 'ici', axis],
      harmless: (value) => value === 1,
      is: `the ${axis} axis`,
      instead: `set layout.ici.${axis} to 1 and use ${MODELLED.axes.join(' and ')}`,
    }),
  ),
  listed(['layout', 'expertsOver'], MODELLED.expertsOver, 'experts on an axis of their own'),
  listed(['workload', 'kind'], ['train'], 'inference'),
  listed(['workload', 'optimizer'], MODELLED.optimizers, 'this optimizer'),
  listed(['workload', 'remat'], MODELLED.remat, 'this rematerialisation policy'),
];

/** Refuses what would otherwise be silently ignored. */
export function notModelledIssues(input: unknown): LocatedIssue[] {
  return UNMODELLED.flatMap(({ path, harmless, is, instead }) => {
    const value = valueAt(input, path);
    if (value === undefined || harmless?.(value)) return [];
    return [issueAt(path, 'E_NOT_MODELLED', shown(value), `${is} is not modelled yet`, instead)];
  });
}

function listed(path: Path, modelled: readonly string[], is: string): Unmodelled {
  return {
    path,
    harmless: (value) => typeof value === 'string' && modelled.includes(value),
    is,
    instead: `use ${modelled.join(' or ')}`,
  };
}

function allOnes(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every((size) => size === 1);
}

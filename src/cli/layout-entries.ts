import {
  DCN_AXES,
  MESH_AXES,
  type MeshAxis,
  NAMED_LAYOUTS,
  PIPELINES,
  type PipelineSchedule,
  REMAT_POLICIES,
  REMAT_TENSORS,
  type RematPolicy,
} from '../layout/index.ts';
import type { Entry } from './catalogue.ts';

/** Layouts that have a name. */
export function layoutEntries(): Entry[] {
  return Object.entries(NAMED_LAYOUTS).map(([name, { title, law, source, hasTensor }]) => ({
    name,
    title,
    facts: [
      ['scenario key', hasTensor ? `layout: ${name}, or {name: ${name}, tensor: 8}` : `layout: ${name}`],
      ['option', hasTensor ? `--layout ${name}, or --layout ${name}:tensor=8` : `--layout ${name}`],
      ['law', law],
      ['source', source],
    ],
  }));
}

const AXIS_WORDS: Readonly<Record<MeshAxis, string>> = {
  data: 'sequences are cut into equal parts; experts may lie on this axis too (layout.expertsOver: data)',
  pipeline: 'layers are cut into stages, through which microbatches pass one after the other',
  fsdp: 'sequences are cut, and weights, gradients and optimizer state too, which are gathered when they are needed',
  context: 'sequences are cut along their length; keys and values of all of it are gathered',
  tensor:
    'each matrix is cut over devices (Mesh-TensorFlow: model parallelism), and activations between sub-layers too with layout.tensorActivations: sharded',
  expert: 'experts have an axis of their own, and sequences are cut along it',
};

/** Axes of the mesh. */
export function axisEntries(): Entry[] {
  return MESH_AXES.map((name) => {
    const leaves = DCN_AXES.some((axis) => axis === name);
    return {
      name,
      title: `mesh axis: ${AXIS_WORDS[name]}`,
      facts: [
        ['scenario key', `layout: {ici: {${name}: n}}, -1 to fill the slice`],
        ['over slices', leaves ? `layout: {dcn: {${name}: n}}, -1 to take all of them` : 'never: it exchanges activations in every layer'],
      ],
    };
  });
}

/** What the backward pass makes again. */
export function rematEntries(): Entry[] {
  return Object.entries(REMAT_POLICIES).map(([name, { source, tensors, rest }]) => ({
    name,
    title: rematTitle({ tensors, rest }),
    facts: [
      ['scenario key', `workload: {remat: ${name}}, or {policy: ${name}, tensors: {context: device}, layers: 2}`],
      ...(Object.keys(tensors).length === 0
        ? []
        : [
            [
              'tensors',
              [...Object.entries(tensors).map(([tensor, place]) => `${tensor} ${place}`), `the rest ${rest}`].join(', '),
            ] as const,
          ]),
      ['names of tensors', REMAT_TENSORS.join(', ')],
      ['places', 'device: kept; offload: on the host until it is needed; remat: made again'],
      ['layers', 'that are checkpointed together, as those of a block of jax.lax.scan; 1 where nothing is said'],
      ['source', source],
    ],
  }));
}

/** What becomes of most tensors, and how many are exceptions. */
function rematTitle({ tensors, rest }: Pick<RematPolicy, 'tensors' | 'rest'>): string {
  const places = Object.values(tensors);
  const [kept, moved] = [places.filter((place) => place === 'device').length, places.filter((place) => place === 'offload').length];
  const named = (count: number, what: string) => (count === 0 ? [] : [`${count} ${count === 1 ? 'tensor' : 'tensors'} ${what}`]);
  const words = [...named(rest === 'device' ? 0 : kept, 'kept'), ...named(moved, 'on the host')];
  const others = rest === 'device' ? 'everything else kept' : 'everything else made again';
  return words.length === 0 ? others.replace(' else', '') : `${words.join(', ')}, ${others}`;
}

const SCHEDULE_WORDS: Readonly<Record<PipelineSchedule, string>> = {
  gpipe: 'all microbatches forward, then all backward',
  '1f1b': 'one forward and one backward by turns',
  interleaved: 'by turns, over several runs of layers per stage',
};

const SCHEDULE_LAWS: Readonly<Record<PipelineSchedule, string>> = {
  gpipe: 'With p stages and m microbatches (p - 1) / m of the work is bubble; activations of all m are held.',
  '1f1b': 'The bubble of gpipe; stage s holds activations of at most p - s microbatches.',
  interleaved:
    'With v runs per stage (p - 1) / (v m) of the work is bubble; v times as much is sent between stages, and m is a multiple of p.',
};

/** Orders of microbatches in a pipeline. */
export function scheduleEntries(): Entry[] {
  return Object.entries(PIPELINES).map(([name, { source, wholeRounds }]) => ({
    name,
    title: `pipeline schedule: ${SCHEDULE_WORDS[name as PipelineSchedule]}`,
    facts: [
      ['scenario key', `layout: {pipeline: {schedule: ${name}${wholeRounds ? ', repeats: 2' : ''}}, microbatches: 16}`],
      ['law', SCHEDULE_LAWS[name as PipelineSchedule]],
      ['source', source],
    ],
  }));
}

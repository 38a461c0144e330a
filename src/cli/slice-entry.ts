import { type Chip, defaultWrap, LinkKind, parseBareGrid, parseSliceName, sliceTopology, type Topology } from '../hardware/index.ts';
import { resolveWires, type SliceFile } from '../intake/index.ts';
import type { Entry } from './catalogue.ts';

/** A file of topologies/, as `list` and `explain` say it. */
export function sliceEntry(name: string, { shape, note, source, asOf }: SliceFile, chip: Chip): Entry {
  const spec = { chip: chip.name, shape, wrap: defaultWrap(chip, shape), slices: 1, slowDevices: [] };
  const topology = sliceTopology(chip, spec, { withHosts: true });
  return {
    name,
    title: note ?? topology.name,
    facts: [
      ...sliceFacts(topology, chip),
      ...(source === undefined ? [] : [['offered', `${source} (${asOf ?? 'no date'})`] as const]),
      ['what numbers count', NAME_TRAP],
    ],
  };
}

/** What a name outside of the list says that can be read as a slice or a bare grid; null where it cannot. Throws InputError where it nearly can. */
export function namedSlice(name: string): Entry | null {
  const bare = parseBareGrid(name);
  // A name that has not even the form of a slice may mean anything.
  if (bare === null && parseSliceName(name).issue?.code === 'E_TOPOLOGY_NAME') return null;
  const { topology, chip } = resolveWires(name, { withHosts: true }, 'name');
  const trap = chip === null ? [] : ([['what numbers count', NAME_TRAP]] as const);
  return { name, title: topology.name, facts: [...sliceFacts(topology, chip), ...trap] };
}

function sliceFacts(topology: Topology, chip: Chip | null): Entry['facts'] {
  const { name, chips, devices, hosts, links, slices } = topology;
  const wires = links.kind.reduce((count, kind) => count + (kind === LinkKind.ici ? 1 : 0), 0);
  const held =
    chip === null
      ? `${chips}, each of which is one device`
      : `${chips}, with ${chip.tensorCores * chips} TensorCores, which are ${devices} devices to JAX`;
  return [
    ['canonical name', name],
    // A step needs a chip, and one slice.
    chip === null || slices > 1 ? ['command', `switchyard collective --topology '${name}'`] : ['scenario key', `topology: ${name}`],
    ['chips', held],
    ['hosts', String(hosts?.count ?? 0)],
    ['links', `${wires} directed ones between chips; ${closedSides(topology)} closed`],
  ];
}

function closedSides({ shape, wrap }: Topology): string {
  if (wrap.every(Boolean)) return 'all sides';
  return wrap.some(Boolean) ? `sides of ${shape.filter((_, axis) => wrap[axis]).join(', ')}` : 'no side';
}

const NAME_TRAP =
  'v2-N to v5p-N count TensorCores (v5p-128 is 64 chips), v5litepod-N and v6e-N count chips; sides (4x4x4) always count chips';

import { type AxisSizes, MESH_AXES, type MeshAxis, type MeshGroup, type MeshSizes, meshDevices, sliceDevices } from './mesh.ts';
import { partOfSides, placeAxes, type Side, sidesOfAxes } from './place-axes.ts';

/** Which device stands where in the mesh. Places count through the slices first, then through the axes, the last fastest. */
export interface DeviceMesh extends MeshSizes {
  readonly devices: number;
  /** [places] -> device, and back. */
  readonly deviceAt: Uint32Array;
  readonly placeOf: Uint32Array;
  /** Sides and parts of sides of a slice that the tensor axis has. */
  readonly tensorSides: readonly Side[];
}

/** Lays the axes of a layout on the sides of a slice. `shape` in chips, first coordinate fastest. */
export function createMesh(
  { ici, dcn }: MeshSizes,
  wires: { readonly shape: readonly number[]; readonly devicesPerChip: number },
): DeviceMesh {
  const perSlice = sliceDevices({ ici });
  const devices = meshDevices({ ici, dcn });
  const local = placeAxes(ici, wires);
  const deviceAt = new Uint32Array(devices);
  const placeOf = new Uint32Array(devices);
  for (let place = 0; place < devices; place++) {
    const slice = Math.floor(place / perSlice);
    deviceAt[place] = slice * perSlice + local[place % perSlice];
    placeOf[deviceAt[place]] = place;
  }
  return { ici, dcn, devices, deviceAt, placeOf, tensorSides: sidesOfAxes(ici, wires).tensor };
}

/** Coordinate of a device along an axis, over all slices: those of a lower slice come first. */
export function meshCoordinate(mesh: DeviceMesh, axis: MeshAxis, device: number): number {
  const perSlice = sliceDevices(mesh);
  const place = mesh.placeOf[device];
  const slice = Math.floor(place / perSlice);
  const inSlice = digit(mesh.ici, axis, place % perSlice);
  return digit(mesh.dcn, axis, slice) * mesh.ici[axis] + inSlice;
}

/** The groups of devices that differ only along the axes of `group`, each in the order of places. */
export function meshGroups(mesh: DeviceMesh, group: MeshGroup): Uint32Array[] {
  if (group.sameHeads !== undefined) return groupsOfSameHeads(mesh, group.sameHeads);
  const perSlice = sliceDevices(mesh);
  const members = new Map<number, number[]>();
  for (let place = 0; place < mesh.devices; place++) {
    const slice = Math.floor(place / perSlice);
    const key = without(mesh.dcn, group.dcn, slice) * perSlice + without(mesh.ici, group.ici, place % perSlice);
    const row = members.get(key);
    if (row === undefined) members.set(key, [mesh.deviceAt[place]]);
    else row.push(mesh.deviceAt[place]);
  }
  return Array.from(members.values(), (row) => Uint32Array.from(row));
}

/** Which members of the tensor axis hold the same heads is free: those that lie side by side. */
function groupsOfSameHeads(mesh: DeviceMesh, members: number): Uint32Array[] {
  const sides = partOfSides(mesh.tensorSides, members);
  const perSlice = sliceDevices(mesh);
  const groups = new Map<number, number[]>();
  for (const device of mesh.deviceAt) {
    const local = device % perSlice;
    const first = sides.reduce((rest, { size, stride }) => rest - (Math.floor(local / stride) % size) * stride, device);
    const row = groups.get(first);
    if (row === undefined) groups.set(first, [device]);
    else row.push(device);
  }
  return Array.from(groups.values(), (row) => Uint32Array.from(row));
}

/** Places from one coordinate along `axis` to the next. */
function strideOf(sizes: AxisSizes, axis: MeshAxis): number {
  return MESH_AXES.slice(MESH_AXES.indexOf(axis) + 1).reduce((product, faster) => product * sizes[faster], 1);
}

function digit(sizes: AxisSizes, axis: MeshAxis, place: number): number {
  return Math.floor(place / strideOf(sizes, axis)) % sizes[axis];
}

/** The place with all coordinates along `axes` set to 0. */
function without(sizes: AxisSizes, axes: readonly MeshAxis[], place: number): number {
  return axes.reduce((rest, axis) => rest - digit(sizes, axis, place) * strideOf(sizes, axis), place);
}

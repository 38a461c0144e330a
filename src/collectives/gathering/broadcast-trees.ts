import type { Bytes } from '../../base/index.ts';
import type { HopTable } from './hop-table.ts';
import { longestPass } from './line-pass.ts';

/**
 * Broadcast over a grid as a mixture of trees, so that all links into a chip share the array. A tree of dimension c first fills the root's own line
 * along c; one chip of it, in layer j, then fills its layer by a tree of the other dimensions; and from every other chip of the layer the data goes on
 * along c, all the way round a ring in one direction, or to both ends of a line. Directions of rings and lines have equal shares, as many as
 * there are links into a chip (on a mesh: into a corner), and layers take turns (`layerShares`): a chip then gets one share from each neighbour,
 * exactly so in two equal dimensions, and up to 1 / (2n - 1) more through some links in three of side n.
 */
export interface TreeChoice {
  /** Dimension of the grid. */
  readonly along: number;
  /** Direction round closed rings: 0 forwards, 1 backwards; open lines are filled both ways. */
  readonly d: number;
  /** Layer that is filled first; the root's own in the last dimension, where there is nothing to fill. */
  readonly layer: number;
}

/** Every tree: one choice per dimension, and its share of the array. */
export function broadcastTrees(hops: HopTable, root: number): { readonly choices: readonly TreeChoice[]; readonly share: number }[] {
  const extend = (dimensions: readonly number[], share: number): { choices: TreeChoice[]; share: number }[] => {
    if (dimensions.length === 0) return [{ choices: [], share }];
    const ways = waysOf(hops, dimensions);
    return ways.flatMap(({ along, d }) => {
      const others = dimensions.filter((k) => k !== along);
      const trees = extend(others, share / ways.length);
      return Array.from(layerShares(hops, root, along, others.length)).flatMap((part, layer) =>
        part === 0 ? [] : trees.map((tree) => ({ choices: [{ along, d, layer }, ...tree.choices], share: tree.share * part })),
      );
    });
  };
  return extend([...hops.sides.keys()], 1);
}

/** How many `broadcastTrees` there are. */
export function broadcastTreeCount(hops: HopTable, dimensions: readonly number[] = [...hops.sides.keys()]): number {
  if (dimensions.length === 0) return 1;
  return waysOf(hops, dimensions).reduce((sum, { along }) => {
    const others = dimensions.filter((k) => k !== along);
    const layers = [1, hops.sides[along] - 1, hops.sides[along]][others.length];
    return sum + layers * broadcastTreeCount(hops, others);
  }, 0);
}

/** Hops of one tree, each after the one that reached its chip. */
export function forEachTreeHop(hops: HopTable, root: number, choices: readonly TreeChoice[], visit: (hop: number) => void): void {
  if (choices.length === 0) return;
  const [{ along, d, layer }, ...inner] = choices;
  forEachPassHop(hops, along, root, d, visit);
  if (inner.length === 0) return;
  const entry = movedAlong(hops, root, along, layer);
  forEachTreeHop(hops, entry, inner, visit);
  for (const chip of chipsOfBox(
    hops,
    entry,
    inner.map((choice) => choice.along),
  )) {
    if (chip !== entry) forEachPassHop(hops, along, chip, d, visit);
  }
}

/** Adds up all trees without telling them apart: what layers have in common is counted once. `loads`: [hops]. */
export function addTreeLoads(
  loads: Float64Array,
  hops: HopTable,
  root: number,
  bytes: Bytes,
  dimensions: readonly number[] = [...hops.sides.keys()],
): void {
  const ways = waysOf(hops, dimensions);
  for (const { along, d } of ways) {
    const share = bytes / ways.length;
    forEachPassHop(hops, along, root, d, (hop) => {
      loads[hop] += share;
    });
    const others = dimensions.filter((k) => k !== along);
    if (others.length === 0) continue;
    const layers = layerShares(hops, root, along, others.length);
    for (const [layer, part] of layers.entries()) {
      if (part > 0) addTreeLoads(loads, hops, movedAlong(hops, root, along, layer), share * part, others);
    }
    for (const chip of chipsOfBox(hops, root, others)) if (chip !== root) addPasses(loads, hops, along, chip, d, layers, share);
  }
}

/** Hops on the longest way down any tree, counted in links. */
export function deepestTree(hops: HopTable, dimensions: readonly number[] = [...hops.sides.keys()]): number {
  return dimensions.reduce((deepest, along) => {
    const pass = longestPass(hops, along);
    const others = dimensions.filter((k) => k !== along);
    return Math.max(deepest, others.length === 0 ? pass : 2 * pass + deepestTree(hops, others));
  }, 0);
}

/** A ring can be gone round in two directions; a line is filled both ways at once. */
function waysOf(hops: HopTable, dimensions: readonly number[]): { readonly along: number; readonly d: number }[] {
  return dimensions.flatMap((along) => (hops.grid.axes[along].ring ? [0, 1] : [0]).map((d) => ({ along, d })));
}

/**
 * [side]: how often each layer is filled first, when `others` dimensions are left for it. Never the root's own where one is left: chips of the
 * root's line would get more than their share along it. With two left, chips of the root's planes get q too much where other layers have q and the
 * root's own has none, and chips of the root's lines get what the root's own has, so it has half of what the others have.
 */
function layerShares(hops: HopTable, root: number, along: number, others: number): Float64Array {
  const own = placeAlong(hops, root, along);
  if (others === 0) return Float64Array.from({ length: hops.sides[along] }, (_, layer) => (layer === own ? 1 : 0));
  const ownWeight = others === 1 ? 0 : 0.5;
  const sum = hops.sides[along] - 1 + ownWeight;
  return Float64Array.from({ length: hops.sides[along] }, (_, layer) => (layer === own ? ownWeight : 1) / sum);
}

function placeAlong({ sides, strides }: HopTable, chip: number, along: number): number {
  return Math.floor(chip / strides[along]) % sides[along];
}

function movedAlong(hops: HopTable, chip: number, along: number, place: number): number {
  return chip + (place - placeAlong(hops, chip, along)) * hops.strides[along];
}

/** Chips that differ from `chip` along these dimensions only. */
function chipsOfBox(hops: HopTable, chip: number, dimensions: readonly number[]): number[] {
  return dimensions.reduce(
    (chips, along) => chips.flatMap((one) => Array.from({ length: hops.sides[along] }, (_, place) => movedAlong(hops, one, along, place))),
    [chip],
  );
}

/** From one chip to all others of its line: round a closed ring in direction d, else both ways. */
function forEachPassHop(hops: HopTable, along: number, start: number, d: number, visit: (hop: number) => void): void {
  const closed = hops.lineStarts[along][start] < 0;
  for (const direction of closed ? [d] : [0, 1]) {
    let chip = start;
    for (let i = 1; i < hops.sides[along]; i++) {
      const hop = (along * hops.grid.chips + chip) * 2 + direction;
      if (hops.ends[hop] < 0) break;
      visit(hop);
      chip = hops.ends[hop];
    }
  }
}

/** Passes of one line from each layer, which have parts of `bytes`. */
function addPasses(loads: Float64Array, hops: HopTable, along: number, chip: number, d: number, layers: Float64Array, bytes: Bytes): void {
  const side = hops.sides[along];
  const start = hops.lineStarts[along][chip];
  const first = (along * hops.grid.chips + movedAlong(hops, chip, along, 0)) * 2;
  const hopAt = (place: number, direction: number) => first + 2 * place * hops.strides[along] + direction;
  if (start < 0) {
    // A pass goes over every hop but the one that would end where it began.
    for (let place = 0; place < side; place++) loads[hopAt(place, d)] += bytes * (1 - layers[(place + (d === 0 ? 1 : side - 1)) % side]);
    return;
  }
  for (let order = 0, behind = 0; order < side; order++) {
    const place = (start + order) % side;
    if (order > 0) loads[hopAt(place, 1)] += bytes * (1 - behind);
    behind += layers[place];
    if (order < side - 1) loads[hopAt(place, 0)] += bytes * behind;
  }
}

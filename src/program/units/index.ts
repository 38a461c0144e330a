import { remember } from '../../base/index.ts';
import type { Chip } from '../../hardware/index.ts';
import { createMesh, meshGroups, shardsOf } from '../../layout/index.ts';
import { type Layer, layersOf, type ModelSpec, outputStack, type Stack } from '../../model/index.ts';
import { type Load, learns, type Scenario } from '../../scenario/index.ts';
import { layerRows } from '../layer-rows.ts';
import { type Sizes, sizesOf } from '../sizes.ts';
import { type SwitchShape, switchShape } from '../switch-shape.ts';
import type { Unit } from '../unit.ts';
import { embeddingUnit } from './embedding.ts';
import { layerUnit } from './layer.ts';
import { layerBlock } from './layer-block.ts';
import { logitsUnit } from './logits.ts';
import type { Routed } from './switch-feed-forward.ts';

/** The units of a model in the order of the forward pass, each kind once. */
export interface UnitPlan {
  readonly kinds: readonly Unit[];
  /** [units]: rows of `kinds`, and names. */
  readonly sequence: readonly number[];
  readonly names: readonly string[];
}

/**
 * What a device computes, moves and keeps in one microbatch, unit by unit: embedding, layers, logits. Under dropless dispatch with a load every Switch layer
 * is a kind of its own; null stands for a load that is perfectly balanced. Throws InputError for tokens that cannot be cut into groups.
 */
export function unitsOf(scenario: Scenario, chip: Chip, load: Load | null): Unit[] {
  return named(unitPlanOf(scenario, chip, load));
}

/** Forward pass of the teacher of a distillation, up to the probabilities that its student learns. Its tokens spread evenly over its experts. */
export function teacherUnitsOf(scenario: Scenario, chip: Chip): Unit[] {
  const { teacher } = scenario.workload;
  if (teacher === null) return [];
  const taught: Scenario = { ...scenario, model: teacher, workload: { ...scenario.workload, kind: 'evaluate', teacher: null } };
  return named(planOf(taught, chip, null, { ...sizesOf(taught, chip), answer: 'probabilities' }));
}

/** The same as `unitsOf`, without writing every layer down. */
export function unitPlanOf(scenario: Scenario, chip: Chip, load: Load | null): UnitPlan {
  return planOf(scenario, chip, load, sizesOf(scenario, chip));
}

function named({ kinds, sequence, names }: UnitPlan): Unit[] {
  return sequence.map((row, index) => ({ ...kinds[row], name: names[index] }));
}

function planOf(scenario: Scenario, chip: Chip, load: Load | null, sizes: Sizes): UnitPlan {
  const { layers, kindOf, names } = layerKindsOf(scenario, load);
  const routing = routingOf(scenario, chip, load);
  const units = layers.map((layer) => {
    const feedForward = layer.feedForward.kind === 'switch' ? routing(layer, load) : null;
    // Loads are counted in feed-forward layers.
    const attention = layer.attention.experts ? routing(layer, null) : null;
    return layerUnit(sizes, layer, { attention, feedForward }, layer.kind);
  });
  const stacks = kindOf.map((row) => layers[row].stack);
  const inside = inBlocks({ kinds: units, sequence: kindOf, names }, stacks, scenario.workload);
  return {
    kinds: [embeddingUnit(sizes), ...inside.kinds, logitsUnit(sizes)],
    sequence: [0, ...inside.sequence.map((row) => row + 1), inside.kinds.length + 1],
    names: ['embedding', ...inside.names, 'logits and loss'],
  };
}

/** Layers of one stack that are checkpointed together, from its first one on, as one unit; what is left at its end is a shorter one. */
function inBlocks(layers: UnitPlan, stacks: readonly Stack[], workload: Scenario['workload']): UnitPlan {
  const { remat } = workload;
  const length = remat.layers ?? 1;
  if (length === 1 || !learns(workload)) return layers;
  const keepsInputs = remat.policy === 'custom' || remat.tensors.decoder_layer_input !== undefined;
  const kinds: Unit[] = [];
  const sequence: number[] = [];
  const names: string[] = [];
  const rows = new Map<string, number>();
  let start = 0;
  for (let first = 0; first < stacks.length; ) {
    if (stacks[first] !== stacks[start]) start = first;
    let end = first + 1;
    while (end < first + length && stacks[end] === stacks[first]) end++;
    const within = layers.sequence.slice(first, end);
    const key = within.join(' ');
    const units = within.map((row) => layers.kinds[row]);
    const row = rows.get(key) ?? kinds.push(layerBlock(units, keepsInputs)) - 1;
    rows.set(key, row);
    sequence.push(row);
    names.push(units.length === 1 ? layers.names[first] : `${layers.names[first]}-${end - 1 - start}`);
    first = end;
  }
  return { kinds, sequence, names };
}

/** The layers that a workload runs, each kind once. */
interface LayerKinds {
  readonly layers: readonly Layer[];
  /** [layers]: row of `layers`. */
  readonly kindOf: readonly number[];
  readonly names: readonly string[];
}

const allKindsOf = remember((model: ModelSpec) => kindsOf(runningLayers(model, 'all')));
const outputKindsOf = remember((model: ModelSpec) => kindsOf(runningLayers(model, 'output')));

function layerKindsOf({ model, workload, routing }: Scenario, load: Load | null): LayerKinds {
  const runs = workload.kind === 'decode' ? 'output' : 'all';
  if (load !== null && routing.dispatch === 'dropless') return kindsOf(runningLayers(model, runs).map(ofItsOwn));
  return runs === 'all' ? allKindsOf(model) : outputKindsOf(model);
}

/** Decoding runs no encoder. */
function runningLayers(model: ModelSpec, runs: 'all' | 'output'): readonly Layer[] {
  const layers = layersOf(model);
  return runs === 'all' ? layers : layers.filter(({ stack }) => stack === outputStack(model));
}

/** Switch layers have loads of their own. */
function ofItsOwn(layer: Layer): Layer {
  return layer.feedForward.kind === 'switch' ? { ...layer, kind: `${layer.kind} ${layer.index}` } : layer;
}

function kindsOf(all: readonly Layer[]): LayerKinds {
  const rows = new Map<string, number>();
  const layers: Layer[] = [];
  const kindOf = all.map((layer) => {
    const row = rows.get(layer.kind) ?? layers.push(layer) - 1;
    rows.set(layer.kind, row);
    return row;
  });
  return { layers, kindOf, names: all.map(({ stack, index }) => `${stack} ${index}`) };
}

/** How the tokens of a layer come to its experts; what a stack's layers have in common is worked out once. */
function routingOf(scenario: Scenario, chip: Chip, load: Load | null): (layer: Layer, load: Load | null) => Routed {
  const { dispatch: way } = scenario.routing;
  const shapes = new Map<Stack, SwitchShape>();
  const placeOf = placesOf(scenario, chip);
  return ({ stack, index }, ofLayer) => {
    const shape = shapes.get(stack) ?? switchShape(scenario, stack);
    shapes.set(stack, shape);
    return { shape, way, rows: way === 'dropless' ? layerRows(scenario, shape, index, load === null ? null : ofLayer) : null, placeOf };
  };
}

/** [devices]: place of each in its group of devices that share experts. */
function placesOf({ layout, topology }: Scenario, chip: Chip): () => Uint32Array {
  let known: Uint32Array | null = null;
  return () => {
    if (known !== null) return known;
    const mesh = createMesh(layout, { shape: topology.shape, devicesPerChip: chip.devicesPerChip });
    const places = new Uint32Array(mesh.devices);
    const group = shardsOf(layout).expertGroup ?? { ici: [], dcn: [] };
    for (const devices of meshGroups(mesh, group)) for (const [place, device] of devices.entries()) places[device] = place;
    known = places;
    return places;
  };
}

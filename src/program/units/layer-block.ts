import { gradientOf, isShared, type Step, type Tensor, type Unit } from '../unit.ts';

/**
 * Layers that are checkpointed together, as one unit: the backward pass makes all of them again before it begins with the last one, and between them only
 * what the policy names waits for it (Chen et al. 2016, arXiv 1604.06174, section 4; `set_remat_policy` of scanned blocks in
 * AI-Hypercomputer/maxtext src/maxtext/layers/decoders.py). `keepsInputs`: the policy places inputs of layers, also of those within a block.
 */
export function layerBlock(layers: readonly Unit[], keepsInputs: boolean): Unit {
  if (layers.length === 1) return layers[0];
  const parts = layers.map((layer, index) => partOfBlock(layer, index, layers.length, keepsInputs));
  const first = parts[0];
  const kind = layers.map((layer) => layer.kind).join(', ');
  return {
    ...first,
    name: kind,
    kind,
    tensors: parts.flatMap(({ tensors }) => tensors),
    output: parts[parts.length - 1].output,
    forward: parts.flatMap(({ forward }) => forward),
    backward: [...parts].reverse().flatMap(({ backward }) => backward),
    weights: parts.flatMap(({ weights }) => weights),
    tied: parts.flatMap(({ tied }) => tied),
    resident: parts.flatMap(({ resident }) => resident),
  };
}

/** Numbers of pipelines that one layer may have. */
const SEGMENTS = 1024;

/** A layer whose tensors, weights and steps have names of their own, e.g. `+2 ffn` of the third one; its output is the input of the next one, and has its name. */
function partOfBlock(layer: Unit, index: number, count: number, keepsInputs: boolean): Unit {
  const own = (name: string): string => `+${index} ${name}`;
  const streamAt = (at: number): string => (at === 0 ? 'x' : at === count ? 'y' : `+${at} x`);
  const names = new Map(layer.tensors.map(({ name }) => [name, isShared(name) ? name : own(name)]));
  for (const [name, at] of [
    [layer.input, index],
    [layer.output, index + 1],
  ] as const) {
    if (name === null) continue;
    names.set(name, streamAt(at));
    names.set(gradientOf(name), gradientOf(streamAt(at)));
  }
  const renamed = (name: string): string => names.get(name) ?? name;
  const all = (list: readonly string[]): string[] => list.map(renamed);
  const step = (one: Step): Step => {
    const shared = { name: own(one.name), segment: one.segment === 0 ? 0 : one.segment + SEGMENTS * index };
    const links = { ...shared, reads: all(one.reads), makes: all(one.makes) };
    return one.kind === 'collective'
      ? { ...one, ...links }
      : { ...one, ...links, uses: one.uses.map(own), gradients: one.gradients.map(own) };
  };
  // What two layers share is a tensor of one of them.
  const isOfAnother = ({ name }: Tensor): boolean => {
    if (index > 0 && (isShared(name) || (!keepsInputs && isOneOf(layer.input, name)))) return true;
    return keepsInputs && index < count - 1 && isOneOf(layer.output, name);
  };
  return {
    ...layer,
    tensors: layer.tensors.filter((tensor) => !isOfAnother(tensor)).map((tensor) => ({ ...tensor, name: renamed(tensor.name) })),
    input: layer.input === null ? null : renamed(layer.input),
    output: layer.output === null ? null : renamed(layer.output),
    forward: layer.forward.map(step),
    backward: layer.backward.map(step),
    weights: layer.weights.map((group) => ({ ...group, name: own(group.name) })),
    tied: layer.tied.map((group) => ({ ...group, name: own(group.name) })),
    resident: all(layer.resident),
  };
}

function isOneOf(stream: string | null, name: string): boolean {
  return stream !== null && (name === stream || name === gradientOf(stream));
}

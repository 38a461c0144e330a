import { describe, expect, it } from 'vitest';
import { type ChosenRequest, droppedTokenShare, namedLoad } from '../../src/emulate/index.ts';
import { NAMED_LOADS, type NamedLoadKind, type OptionValues } from '../../src/routing/index.ts';
import type { LayerLoad, Load, NamedLoadSpec } from '../../src/scenario/index.ts';
import { SMALL, total } from './support.ts';

const KINDS = Object.keys(NAMED_LOADS) as NamedLoadKind[];
/** All Switch layers of SMALL's model; the third of the encoder is not in SMALL. */
const LAYERS = [
  { stack: 'encoder', layer: 1 },
  { stack: 'encoder', layer: 3 },
  { stack: 'encoder', layer: 5 },
  { stack: 'decoder', layer: 1 },
] as const;

function spec(kind: NamedLoadKind, options: OptionValues = {}): NamedLoadSpec {
  const defaults = Object.fromEntries(Object.entries(NAMED_LOADS[kind].options).map(([name, { default: value }]) => [name, value]));
  return { kind, ...defaults, ...options };
}

async function loadOf(kind: NamedLoadKind, options: OptionValues = {}, request: ChosenRequest = SMALL): Promise<Load> {
  const [load] = await namedLoad(request, spec(kind, options), LAYERS);
  return load;
}

/** SMALL with some groups of the encoder alone. */
function withGroups(groups: readonly number[], layers: readonly number[] = [1, 3]): ChosenRequest {
  return { ...SMALL, stacks: [{ ...SMALL.stacks[0], groups, layers }] };
}

function bytesTo(device: number, { tokenTraffic }: LayerLoad): number {
  return total((tokenTraffic?.bytes ?? new Float64Array()).filter((_, cell) => cell % 4 === device));
}

describe('a named load', () => {
  it.each(KINDS)('%s counts what it seats, and loses no token', async (kind) => {
    const load = await loadOf(kind);
    expect(load.kind).toBe(kind);
    expect(load.layers.length).toBe(3);
    for (const layer of load.layers) {
      const tokens = layer.groups * layer.groupTokens;
      expect(total(layer.requested)).toBe(tokens - layer.paddingTokens);
      expect(total(layer.kept) + layer.droppedTokens + layer.paddingTokens).toBe(tokens);
      for (const kept of layer.kept) expect(kept).toBeLessThanOrEqual(layer.expertCapacity * layer.groups);
      expect(total(layer.droppedShareByGroup) / layer.groups).toBeCloseTo(layer.droppedTokens / (tokens - layer.paddingTokens), 12);
      expect(layer.auxiliaryLoss).toBeNaN();
    }
  });

  it.each(KINDS)('%s gives a group the same choices whichever other groups and layers are routed', async (kind) => {
    const [first, second] = (await loadOf(kind, {}, withGroups([1, 2, 6]))).layers;
    const alone = await Promise.all([6, 1, 2].map((group) => loadOf(kind, {}, withGroups([group], [3]))));
    const requested = alone.map(({ layers }) => layers[0].requested);
    expect(Array.from(second.requested)).toEqual(
      Array.from(second.requested, (_, expert) => total(requested.map((counts) => counts[expert]))),
    );
    expect(second.droppedTokens).toBe(total(alone.map(({ layers }) => layers[0].droppedTokens)));
    expect(first.layer).toBe(1);
  });

  it.each(KINDS)('%s depends on the seed and nothing else', async (kind) => {
    expect((await loadOf(kind)).fingerprint).toBe((await loadOf(kind)).fingerprint);
    // What is exact shows the seed only where a group does not divide evenly.
    const uneven = { ...SMALL, experts: 12, stacks: [{ ...SMALL.stacks[0], groups: [0, 3] }] };
    expect((await loadOf(kind, {}, uneven)).fingerprint).not.toBe((await loadOf(kind, {}, { ...uneven, seed: 8 })).fingerprint);
  });

  it('drops nothing when it is balanced, where uniform draws do', async () => {
    expect(droppedTokenShare(await loadOf('balanced')).value).toBe(0);
    const { value } = droppedTokenShare(await loadOf('hot-expert'));
    // 0.3 of 64 tokens ask for 10 slots: about 9 in 64 find none, and uniform draws add a little.
    expect(value).toBeGreaterThan(0.12);
    expect(value).toBeLessThan(0.25);
  });

  it('counts padding neither as processed nor as dropped', async () => {
    const load = await loadOf('source-ragged', { least: 0.25 });
    // Devices 0..3 hold two encoder groups of 64 tokens each, filled to 1, 3/4, 1/2 and 1/4.
    expect(load.layers[0].paddingTokens).toBe(2 * 64 * (0.25 + 0.5 + 0.75));
    const dropped = load.layers.reduce((sum, layer) => sum + layer.droppedTokens, 0);
    const tokens = load.layers.reduce((sum, layer) => sum + layer.groups * layer.groupTokens - layer.paddingTokens, 0);
    expect(droppedTokenShare(load).value).toBeCloseTo(dropped / tokens, 3);
  });

  it('sends its tokens to the devices that it names', async () => {
    const everything = { ...SMALL, variants: [{ ...SMALL.variants[0], capacityFactor: 8 }] };
    const [idle] = (await loadOf('zero-token-rank', { device: 2 }, everything)).layers;
    expect([0, 1, 2, 3].map((device) => bytesTo(device, idle) > 0)).toEqual([true, true, false, true]);
    const [hot] = (await loadOf('hot-rank', { device: 3, share: 0.9 }, everything)).layers;
    expect(bytesTo(3, hot) / total(hot.tokenTraffic?.bytes ?? [])).toBeCloseTo(0.9, 1);
    const [spread] = (await loadOf('spread-hot', { share: 0.9 }, everything)).layers;
    expect([0, 1, 2, 3].map((device) => bytesTo(device, spread) > 0.3 * total(spread.tokenTraffic?.bytes ?? []))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('counts layers through the whole model, whichever of them are routed', async () => {
    const load = await loadOf('rotating', { of: 'expert', share: 0.9 });
    // Layers 0, 1 and 3 of the four that the model has.
    expect(load.layers.map(({ requested }) => requested.indexOf(Math.max(...requested)))).toEqual([0, 1, 3]);
  });
});

import type { OptionMisfit, OptionSpecs, OptionValues, ValuesOf } from './options.ts';

/** What decides whether a named load fits a model, a layout and a router. Letters: S tokens of a group, E experts, k choices per token. */
export interface LoadSizes {
  /** E. */
  readonly experts: number;
  /** k. */
  readonly topK: number;
  /** Devices that the experts are spread over, in contiguous ranges; 1 where every device holds all of them. */
  readonly devices: number;
  /** Devices that hold groups of tokens. */
  readonly sources: number;
}

/** One group of tokens of one Switch layer. */
export interface LoadPlace extends LoadSizes {
  /** S. */
  readonly tokens: number;
  /** Number of the group among all groups of its stack, and how many those are. */
  readonly group: number;
  readonly groups: number;
  /** Device that the group lies on. */
  readonly source: number;
  /** Number of the Switch layer in the model, encoder first. */
  readonly layer: number;
  /** [E]: a permutation of the experts, the layer's own. */
  readonly order: Int32Array;
  /** A uniform number in [0, 1), the layer's own. */
  readonly layerDraw: number;
  /** Uniform number `index` in [0, 1) for token `token` of the group, the same on every call. */
  readonly draw: (token: number, index: number) => number;
}

/** A law that says which experts tokens choose, instead of a router that computes it. */
export interface NamedLoad {
  readonly title: string;
  /** What it promises, in sentences. */
  readonly law: string;
  readonly options: OptionSpecs;
  /** Why it cannot keep its promise under these sizes, or null. */
  readonly misfit: (sizes: LoadSizes, options: OptionValues) => OptionMisfit | null;
  /** [S * k] token-major, different experts for one token, first choices first; -1 throughout where a token is padding. */
  readonly choose: (place: LoadPlace, options: OptionValues) => Int32Array;
}

interface NamedLoadDefinition<Specs extends OptionSpecs> extends Pick<NamedLoad, 'title' | 'law'> {
  readonly options: Specs;
  readonly misfit: (sizes: LoadSizes, options: ValuesOf<Specs>) => OptionMisfit | null;
  readonly choose: (place: LoadPlace, options: ValuesOf<Specs>) => Int32Array;
}

/** Lets a definition see its options by name and type; who calls it has checked and completed them. */
export function defineNamedLoad<const Specs extends OptionSpecs>(definition: NamedLoadDefinition<Specs>): NamedLoad {
  return {
    ...definition,
    misfit: (sizes, options) => definition.misfit(sizes, options as ValuesOf<Specs>),
    choose: (place, options) => definition.choose(place, options as ValuesOf<Specs>),
  };
}

import type { ModelSpec, MoeSpec } from '../model/index.ts';
import { createRouter, type OptionValues, ROUTERS, resolveOptions } from '../routing/index.ts';
import { type RoutingSpec, SCENARIO_DEFAULTS } from '../scenario/index.ts';
import { filled, type Notes, needed, translated } from './notes.ts';
import type { RecordModel, RecordMoe } from './record.ts';

/** Default where a source is silent about the vocabulary; its effect on a step is small. */
const VOCABULARY = 32000;
const CAPACITY_FACTOR = 1.25;

/** Rules as sources write them, by the registry key that computes them. */
const CAPACITY_RULE: Readonly<Record<string, string>> = { 'S*cf/E': 'mesh-tf', 'k*S*cf/E': 'maxtext' };
const FEED_FORWARD: Readonly<Record<string, 2 | 3>> = { '2': 2, '3': 3 };
const FAMILY = { 'encoder-decoder': 'encoder-decoder', decoder: 'decoder' } as const;

/** Rare facts that change nothing about a step of padded dispatch: where the experts are, if in the feed-forward layer, and a balanced load. */
const HARMLESS_EXTRAS: Readonly<Record<string, unknown>> = { expertsIn: 'ffn', randomRouting: true };

export function replayModel(model: RecordModel, notes: Notes): ModelSpec {
  const family = translated(notes, 'model family', model.family, FAMILY) ?? 'decoder';
  const withEncoder = family === 'encoder-decoder';
  for (const [key, value] of Object.entries(model.extra ?? {})) {
    if (value !== false && HARMLESS_EXTRAS[key] !== value) notes.reasons.push(`model ${key} ${JSON.stringify(value)} is not modelled`);
  }
  const heads = needed(notes, 'model heads', model.heads);
  const attention = model.attention ?? 'mha';
  if (attention !== 'mha' || (model.kvHeads ?? heads) !== heads) notes.reasons.push(`attention ${attention} is not modelled, only mha is`);
  if ((model.attentionWindow ?? null) !== null) notes.reasons.push('windowed attention is not modelled');
  const dFf = needed(notes, 'model dFf', model.dFf ?? model.moe?.dExpert);
  return {
    name: model.name,
    family,
    encoderLayers: withEncoder ? needed(notes, 'model encoderLayers', model.encoderLayers) : 0,
    decoderLayers: needed(notes, 'model decoderLayers', withEncoder ? model.decoderLayers : model.layers),
    dModel: needed(notes, 'model dModel', model.dModel),
    dFf,
    heads,
    headDim: needed(notes, 'model headDim', model.headDim),
    vocab: filled(notes, 'model vocab', model.vocab, VOCABULARY),
    ffnMatrices: translated(notes, 'model ffnMatrices', String(model.ffnMatrices), FEED_FORWARD) ?? 2,
    tiedEmbeddings: filled(notes, 'model tiedEmbeddings', model.tiedEmbeddings, true),
    moe: model.moe === null ? null : replayMoe(model.moe, family, notes),
  };
}

/** Routing of a model with experts; the defaults, which do nothing, for a dense one. */
export function replayRouting(
  moe: RecordMoe | null,
  run: { readonly sequenceLength: number; readonly dataAxis: number; readonly tokensScale: number },
  notes: Notes,
): RoutingSpec {
  const defaults = {
    ...SCENARIO_DEFAULTS.routing,
    options: defaultOptions(SCENARIO_DEFAULTS.routing.router),
    groupsMultipleOf: run.dataAxis,
  };
  if (moe === null) return defaults;
  const dropless = moe.dropless === true;
  if (dropless) notes.fills.push('expert load was not published: balanced');
  const router = moe.algorithm ?? 'unknown';
  if (!Object.hasOwn(ROUTERS, router)) notes.reasons.push(`router ${router} is not modelled`);
  else if (moe.topK !== null && moe.topK !== createRouter(router).topK)
    notes.reasons.push(`router ${router} with topK ${moe.topK} is not modelled`);
  const rule = dropless ? 'S*cf/E' : filled(notes, 'capacityRule', moe.capacityRule, 'S*cf/E');
  const groupTokens = filled(notes, 'groupTokens', moe.groupTokens, run.sequenceLength);
  return {
    ...defaults,
    router,
    options: defaultOptions(router),
    dispatch: dropless ? 'dropless' : defaults.dispatch,
    capacityFactor: dropless ? CAPACITY_FACTOR : filled(notes, 'capacityFactor', moe.capacityFactor, CAPACITY_FACTOR),
    capacityRule: translated(notes, 'capacityRule', rule, CAPACITY_RULE) ?? defaults.capacityRule,
    // A batch that was rounded keeps its number of groups.
    groupTokens: Math.ceil(groupTokens * run.tokensScale),
  };
}

/** Every option of a router as it is when a file leaves it out; none of a router that nobody knows. */
function defaultOptions(router: string): OptionValues {
  return Object.hasOwn(ROUTERS, router) ? resolveOptions(ROUTERS[router].options, {}, router) : {};
}

function replayMoe(moe: RecordMoe, family: ModelSpec['family'], notes: Notes): MoeSpec {
  if ((moe.firstDenseLayers ?? 0) > 0) notes.reasons.push(`firstDenseLayers ${moe.firstDenseLayers} is not modelled`);
  if ((moe.sharedExperts ?? 0) > 0) notes.reasons.push('shared experts are not modelled');
  const everywhere = family === 'encoder-decoder' ? 'both' : 'decoder';
  if ((moe.where ?? everywhere) !== everywhere) notes.reasons.push(`experts in the ${moe.where} alone are not modelled`);
  return {
    experts: needed(notes, 'experts', moe.experts),
    dExpert: needed(notes, 'dExpert', moe.dExpert),
    layersEvery: needed(notes, 'layersEvery', moe.layersEvery),
  };
}

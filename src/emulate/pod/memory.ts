import { assert, type Bytes } from '../../base/index.ts';
import { type AttentionPlan, type KernelTable, planAttention, planLanes, planStepControl, ROWS_PER_ITEM } from '../../kernels/index.ts';
import { along, axisSize, groupSize, meshCoordinate, shardsOf, weightGroupOf } from '../../layout/index.ts';
import { type ArenaPlan, elementCount, planArena, type TensorView, tensorShard } from '../../model/index.ts';
import { createRouter } from '../../routing/index.ts';
import { batchPlace, fellowsAlong, streamParts } from './cores.ts';
import { planCorpus, type TextSize } from './corpus.ts';
import { planDroplessRows } from './dropless-rows.ts';
import { planState, updateScratchElements } from './optimizer-state.ts';
import {
  isGated,
  type LayerKind,
  layerKinds,
  outputUnit,
  type Parameter,
  parametersOf,
  runsOf,
  stageOfLayer,
  stagesOf,
} from './parameters.ts';
import type { CorePlan, GroupLists, HeldParameter, HiddenGradients, OutputPlan, PodPlan, ScratchPlan, SubLayerPlan } from './plan.ts';
import { type PodRequest, readByRouter } from './request.ts';
import { planStatistics } from './statistics.ts';
import { planTraffic } from './traffic.ts';

/** Sizes that all cores have. */
interface Sizes {
  readonly request: PodRequest;
  readonly tokens: number;
  readonly tokensOfPart: number;
  readonly heads: number;
  readonly hidden: number;
  readonly expertHidden: number;
  readonly words: number;
  readonly groups: number;
  readonly experts: number;
  readonly heldExperts: number;
  readonly expertMembers: number;
  readonly assignmentRows: number;
  /** Rows of a core that are sent, and shape of those at the experts: slots, or the most choices that there may be. */
  readonly sentRows: number;
  readonly expertRows: readonly number[];
}

/** Lays a pod for so many lanes, and for texts of these sizes. */
export function planPod(request: PodRequest, texts: readonly TextSize[], lanes: number, table: KernelTable): PodPlan {
  expectFollowed(request);
  const parameters = parametersOf(request, texts.length);
  const layers = layerKinds(request.model);
  const sizes = sizesOf(request);
  const arena = planArena();
  const control = planStepControl(arena, lanes);
  const laneScratch = planLanes(arena, table, lanes);
  const laneStatistics = laneScratch.map(() => arena.allocate([2, ROWS_PER_ITEM], 'f32'));
  const updateScratch = laneScratch.map(() => arena.allocate([updateScratchElements(request, parameters)], 'f32'));
  const identityCount = Math.max(sizes.tokens, sizes.experts * sizes.groups * request.routing.expertCapacity) + 1;
  const identity = arena.allocate([identityCount], 'f32').offset;
  const health = arena.allocate([request.mesh.devices + 1], 'f32').offset;
  const corpus = planCorpus(arena, texts);
  const traffic = planTraffic(arena, request, parameters);
  const cores = Array.from({ length: request.mesh.devices }, (_, core) => planCore(arena, sizes, parameters, layers, laneScratch, core));
  const microbatches = cores[0].map((_, microbatch) => cores.map((core) => core[microbatch]));
  return {
    request,
    parameters,
    layers,
    bytes: arena.bytes,
    control,
    lanes: laneScratch,
    laneStatistics,
    updateScratch,
    identity,
    identityCount,
    health,
    corpus,
    microbatches,
    traffic,
  };
}

/** Refuses layouts and routers that a pod would not follow. */
function expectFollowed({ model, layout, routing, dtype }: PodRequest): void {
  assert(model.decoderLayers % runsOf(layout) === 0, `${model.decoderLayers} layers in ${runsOf(layout)} runs of a pipeline`);
  assert(axisSize(layout, 'context') === 1, 'a pod has no context axis');
  const shardsUpdates = layout.zero === 1 || layout.zero === 2;
  assert(!shardsUpdates, `a pod has no part of the optimizer that the data axis shards (zero: ${layout.zero})`);
  assert(dtype === 'bf16' || routing.dtype === 'f32', 'a pod has no router in bf16 in a model in f32');
  assert(!readByRouter({ routing }, 'recorded'), `a Switch layer on memory has no recorded choices for ${routing.router}`);
}

function sizesOf(request: PodRequest): Sizes {
  const { model, layout, sequences, sequenceLength, routing } = request;
  const tensor = axisSize(layout, 'tensor');
  const { batch, experts: members } = shardsOf(layout);
  const divided = (what: string, total: number, parts: number): number => {
    assert(total % parts === 0, `${total} ${what} over ${parts} cores`);
    return total / parts;
  };
  const tokens = divided('sequences', divided('sequences', sequences, batch), layout.microbatches) * sequenceLength;
  const experts = model.moe?.experts ?? 0;
  const { rows } = createRouter(routing.router, routing.options);
  const { groupTokens, expertCapacity } = routing;
  const groups = divided('tokens of a core', tokens, groupTokens);
  const heldExperts = divided('experts', experts, members);
  const assignmentRows = rows({ tokens: groupTokens, experts, expertCapacity });
  const isDropless = routing.dispatch === 'dropless';
  const sentRows = groups * (isDropless ? assignmentRows : experts * expertCapacity);
  return {
    request,
    tokens,
    tokensOfPart: divided('tokens of a core', tokens, streamParts(layout)),
    heads: divided('heads', model.heads, tensor),
    hidden: divided('columns of a feed-forward layer', model.dFf, tensor),
    expertHidden: divided('columns of an expert', model.moe?.dExpert ?? 0, tensor),
    words: divided('words', model.vocab, tensor),
    groups,
    experts,
    heldExperts,
    expertMembers: members,
    assignmentRows,
    sentRows,
    expertRows: isDropless ? [members * sentRows] : [heldExperts, (members * sentRows) / experts],
  };
}

/** A core at each microbatch. */
function planCore(
  arena: ArenaPlan,
  sizes: Sizes,
  parameters: readonly Parameter[],
  layers: readonly LayerKind[],
  lanes: readonly TensorView[],
  core: number,
): CorePlan[] {
  const { request, tokens, tokensOfPart } = sizes;
  const { mesh, layout, model, dtype, sequenceLength } = request;
  const stage = meshCoordinate(mesh, 'pipeline', core);
  const last = axisSize(layout, 'pipeline') - 1;
  const hasLayer = (layer: number): boolean => layers[layer] !== undefined && stageOfLayer(layer, model, layout) === stage;
  const hasStream = (at: number): boolean => hasLayer(Math.floor(at / 2)) || hasLayer(Math.floor((at - 1) / 2));
  const held = planHeld(arena, request, parameters, layers, core, stage);
  const shared = {
    core,
    stage,
    tokens,
    tokensOfPart,
    firstOfPart: streamParts(layout) === 1 ? 0 : fellowsAlong(mesh, along('tensor')).indexOf[core] * tokensOfPart,
    firstWord: meshCoordinate(mesh, 'tensor', core) * sizes.words,
    held,
    statistics: planStatistics(arena, request, parameters, held),
    biases: layers.map((kind, layer) =>
      kind === 'switch' && hasLayer(layer) && readByRouter(request, 'bias') ? arena.allocate([sizes.experts], 'f32') : null,
    ),
    scratch: planScratch(arena, sizes, layers),
  };
  const attention = planSharedAttention(arena, sizes, lanes);
  const place = batchPlace(mesh, core) * layout.microbatches;
  const list = (): Bytes => arena.allocate([tokens], 'f32').offset;
  return Array.from({ length: layout.microbatches }, (_, microbatch) => ({
    ...shared,
    firstToken: (place + microbatch) * tokens,
    firstSequence: ((place + microbatch) * tokens) / sequenceLength,
    ids: list(),
    targets: list(),
    places: list(),
    words: readByRouter(request, 'tokenIds') ? list() : null,
    domains: readByRouter(request, 'domains') ? list() : null,
    stream: Array.from({ length: 2 * layers.length + 1 }, (_none, at) =>
      arena.allocate([hasStream(at) ? tokensOfPart : 0, model.dModel], dtype),
    ),
    sublayers: layers.flatMap((kind, layer) =>
      hasLayer(layer) ? [planAttentionSubLayer(arena, sizes, attention, layer), planFeedForward(arena, sizes, kind)] : [null, null],
    ),
    output: stage === last ? planOutput(arena, sizes) : null,
  }));
}

/** Whole gradients and gathered weights of units of one kind take turns in the same place, where weights are sharded. */
function planHeld(
  arena: ArenaPlan,
  request: PodRequest,
  parameters: readonly Parameter[],
  layers: readonly LayerKind[],
  core: number,
  stage: number,
): (HeldParameter | null)[] {
  const { model, layout, mesh, dtype } = request;
  const shared = new Map<string, Pick<HeldParameter, 'working' | 'gradient'>>();
  const tensor = axisSize(layout, 'tensor');
  const { experts: members, expertGroup } = shardsOf(layout);
  const memberAxis = expertGroup === null ? null : layout.expertsOver === 'data' ? 'data' : 'expert';
  return parameters.map((parameter) => {
    const { name, unit, matrix } = parameter;
    if (!stagesOf(parameter, model, layout).includes(stage)) return null;
    const local = tensorShard(matrix, tensor);
    const copies = matrix.expert ? matrix.copies / members : matrix.copies;
    const shape = matrix.rows === 1 ? [local.columns] : matrix.expert ? [copies, local.rows, local.columns] : [local.rows, local.columns];
    const shards = groupSize(layout, weightGroupOf(matrix, layout));
    const elements = elementCount(shape);
    assert(elements % shards === 0, `${elements} numbers of ${name} over ${shards} cores`);
    const own = (): TensorView => arena.allocate([elements / shards], 'f32');
    const stored = own();
    const wholeOf = (): Pick<HeldParameter, 'working' | 'gradient'> => ({
      working: shards === 1 && dtype === 'f32' ? { ...stored, shape } : arena.allocate(shape, dtype),
      gradient: arena.allocate(shape, 'f32'),
    });
    const isLast = unit === outputUnit(model) || unit === 0;
    const key = isLast ? '' : `${unit % 2 === 1 ? 'attention' : layers[unit / 2 - 1]} ${name}`;
    const whole = shards === 1 || isLast ? wholeOf() : (shared.get(key) ?? wholeOf());
    if (key !== '') shared.set(key, whole);
    const tensorIndex = meshCoordinate(mesh, 'tensor', core);
    return {
      ...whole,
      stored,
      gradientShard: shards === 1 ? { ...whole.gradient, shape: [elements] } : own(),
      state: planState(arena, request, matrix, copies, elements / shards),
      sent: shards === 1 ? { ...whole.working, shape: [elements] } : dtype === 'f32' ? stored : arena.allocate([elements / shards], dtype),
      shards,
      shardIndex: fellowsAlong(mesh, weightGroupOf(matrix, layout)).indexOf[core],
      first: {
        copy: matrix.expert && memberAxis !== null ? meshCoordinate(mesh, memberAxis, core) * copies : 0,
        row: matrix.cut === 'rows' ? tensorIndex * local.rows : 0,
        column: matrix.cut === 'columns' ? tensorIndex * local.columns : 0,
      },
    };
  });
}

/** What layers take turns in: everything of an attention but what its backward pass reads. */
function planSharedAttention(arena: ArenaPlan, { request, tokens, heads }: Sizes, lanes: readonly TensorView[]): AttentionPlan {
  const { sequenceLength: length, model, dtype } = request;
  const shape = { batch: tokens / length, queries: length, keys: length, heads, kvHeads: heads, headDim: model.headDim, causal: true };
  return planAttention(arena, shape, { dtype, biased: false, masked: false, training: true, layer: 0 }, lanes);
}

function planAttentionSubLayer(arena: ArenaPlan, sizes: Sizes, shared: AttentionPlan, layer: number): SubLayerPlan {
  const again = ({ shape, dtype }: TensorView): TensorView => arena.allocate(shape, dtype);
  const { q, k, v, context, probabilities } = shared;
  const own = { q: again(q), k: again(k), v: again(v), context: again(context), probabilities: again(probabilities) };
  return { kind: 'attention', ...planNorm(arena, sizes), attention: { ...shared, ...own, options: { ...shared.options, layer } } };
}

function planNorm(
  arena: ArenaPlan,
  { request, tokensOfPart: rows }: Sizes,
): { readonly normed: TensorView; readonly inverseRms: TensorView } {
  return { normed: arena.allocate([rows, request.model.dModel], request.dtype), inverseRms: arena.allocate([rows], 'f32') };
}

function planFeedForward(arena: ArenaPlan, sizes: Sizes, kind: LayerKind): SubLayerPlan {
  const { request, tokens, hidden, expertHidden, groups, experts, expertMembers, sentRows, expertRows } = sizes;
  const { dtype, model, routing } = request;
  const norm = planNorm(arena, sizes);
  if (kind === 'dense') return { kind, ...norm, ...planHidden(arena, request, [tokens, hidden]) };
  const { expertCapacity, groupTokens, dispatch } = routing;
  const slots = experts * groups * expertCapacity;
  return {
    kind,
    ...norm,
    logits: arena.allocate([tokens, experts], 'f32'),
    probabilities: arena.allocate([tokens, experts], 'f32'),
    statistics: arena.allocate([groups, 2, groupTokens], 'f32'),
    noiseLogits: readByRouter(request, 'noiseLogits') ? arena.allocate([tokens, experts], 'f32') : null,
    groups: Array.from({ length: groups }, () => planGroup(arena, sizes)),
    slotToken: arena.allocate([slots], 'f32').offset,
    slotWeight: arena.allocate([slots], 'f32').offset,
    rows: dispatch === 'dropless' ? planDroplessRows(arena, experts, expertMembers, sentRows) : null,
    batch: arena.allocate([...expertRows, model.dModel], dtype),
    ...planHidden(arena, request, [...expertRows, expertHidden]),
    returned: arena.allocate([sentRows, model.dModel], dtype),
  };
}

function planHidden(arena: ArenaPlan, { model, dtype }: PodRequest, shape: readonly number[]) {
  const sums = (): TensorView | null => (isGated(model) ? arena.allocate(shape, 'f32') : null);
  return { hidden: arena.allocate(shape, dtype), gateSums: sums(), inSums: sums() };
}

function planHiddenGradients(arena: ArenaPlan, { model, dtype }: PodRequest, shape: readonly number[]): HiddenGradients {
  return { dSums: arena.allocate(shape, dtype), dGateSums: isGated(model) ? arena.allocate(shape, dtype) : null };
}

function planGroup(arena: ArenaPlan, { request, assignmentRows }: Sizes): GroupLists {
  const list = (count: number): Bytes => arena.allocate([count], 'f32').offset;
  return {
    rows: assignmentRows,
    token: list(assignmentRows),
    expert: list(assignmentRows),
    slot: list(assignmentRows),
    requested: list(Math.ceil(assignmentRows / 4)),
    weight: list(assignmentRows),
    starts: list(request.routing.groupTokens + 1),
    entryRow: list(assignmentRows),
    entryWeight: list(assignmentRows),
    losses: arena.allocate([2], 'f32'),
    counts: list(2),
  };
}

function planOutput(arena: ArenaPlan, sizes: Sizes): OutputPlan {
  const { request, tokens, words } = sizes;
  const logits = arena.allocate([tokens, words], 'f32');
  return {
    ...planNorm(arena, sizes),
    logits,
    probabilities: arena.allocate([tokens, words], 'f32'),
    statistics: arena.allocate([2, tokens], 'f32'),
    wholeStatistics: arena.allocate([2, tokens], 'f32'),
    dLogits: request.dtype === 'f32' ? logits : arena.allocate([tokens, words], request.dtype),
    losses: arena.allocate([tokens], 'f32'),
    softTargets: (request.softShare ?? 0) > 0 ? arena.allocate([tokens, words], 'f32') : null,
  };
}

function planScratch(arena: ArenaPlan, sizes: Sizes, layers: readonly LayerKind[]): ScratchPlan {
  const { request, tokens, tokensOfPart, hidden, expertHidden, groups, experts, expertMembers, sentRows, expertRows } = sizes;
  const { dtype, model, layout, routing } = request;
  const rowsOfStream = (count: number): TensorView => arena.allocate([count, model.dModel], dtype);
  const slots = experts * groups * routing.expertCapacity;
  return {
    partial: rowsOfStream(tokens),
    dNormed: rowsOfStream(tokens),
    dStream: [rowsOfStream(tokensOfPart), rowsOfStream(tokensOfPart)],
    dropped: request.dropout === 0 ? null : rowsOfStream(tokensOfPart),
    gathered: streamParts(layout) === 1 ? null : rowsOfStream(tokens),
    ofDense: layers.includes('dense') ? planHiddenGradients(arena, request, [tokens, hidden]) : null,
    ofSwitch: layers.includes('switch')
      ? {
          slots: expertMembers === 1 ? null : arena.allocate([sentRows, model.dModel], dtype),
          atExperts: arena.allocate([...expertRows, model.dModel], dtype),
          ...planHiddenGradients(arena, request, [...expertRows, expertHidden]),
          dWeights: arena.allocate([slots], 'f32').offset,
          dRowWeights: routing.dispatch === 'dropless' ? arena.allocate([sentRows], 'f32').offset : null,
          dLogits: arena.allocate([tokens, experts], 'f32'),
          dNoiseLogits: readByRouter(request, 'noiseLogits') ? arena.allocate([tokens, experts], 'f32') : null,
          routed: request.jitter === 0 && routing.dtype === 'f32' ? null : arena.allocate([tokens, model.dModel], 'f32'),
          choices: readByRouter(request, 'bias') ? arena.allocate([experts], 'f32') : null,
        }
      : null,
  };
}

import type { Issue } from '../base/index.ts';
import { axisSize, groupSize, MESH_AXES, shardsOf, weightGroupOf } from '../layout/index.ts';
import { expertMatrices, type ModelSpec, tensorShard, vector } from '../model/index.ts';
import { createRouter } from '../routing/index.ts';
import type { Scenario } from './scenario.ts';
import { stackGroups } from './stack-groups.ts';
import { tokenPlaces } from './stack-lengths.ts';

/** A word is a byte. */
const WORDS = 256;

/** What a pod does not learn or follow, all at once; empty where `train` may begin. The scenario's own rules hold. */
export function learningIssues(scenario: Scenario): Issue[] {
  return [...modelIssues(scenario), ...stepIssues(scenario), ...layoutIssues(scenario), ...groupIssues(scenario), ...partIssues(scenario)];
}

function issue(path: string, value: string | number, rule: string, remedy: string): Issue {
  return { code: 'E_LEARNING', path, value: String(value), rule, remedy };
}

function modelIssues({ model, workload }: Scenario): Issue[] {
  const { family, positions, vocab, activation, ffnMatrices, moe } = model;
  const issues: Issue[] = [];
  const refuse = (isRefused: boolean, ...of: Parameters<typeof issue>): void => {
    if (isRefused) issues.push(issue(...of));
  };
  refuse(family !== 'decoder' || model.encoderLayers > 0, 'model.family', family, 'a pod learns decoders', 'use family: decoder');
  refuse(vocab < WORDS, 'model.vocab', vocab, `words are bytes: there must be ${WORDS} of them`, `use vocab: ${WORDS}`);
  refuse(
    model.kvHeads !== model.heads || model.mla !== null || model.window !== null,
    ...([
      'model.kvHeads',
      model.kvHeads,
      'a pod learns attention over all words before, with as many heads of keys as of queries',
    ] as const),
    `use kvHeads: ${model.heads}, without mla and window`,
  );
  const suits = ffnMatrices === 2 ? activation === 'relu' : activation !== 'relu';
  refuse(
    !suits,
    'model.activation',
    `${activation} with ffnMatrices ${ffnMatrices}`,
    'a pod learns relu between two matrices, or gelu and silu with a gate',
    'use relu with ffnMatrices: 2, or gelu or silu with 3',
  );
  refuse(
    positions.kind !== 'none' && positions.kind !== 'learned',
    'model.positions',
    positions.kind,
    'a pod learns a table of positions, or none',
    `use positions: {kind: learned, count: ${workload.sequenceLength}}`,
  );
  const isPlain =
    !model.attentionBias && !model.ffnBias && !model.parallelBlocks && model.kvSharedLastLayers === 0 && model.perLayerEmbeddingDim === 0;
  refuse(
    !isPlain,
    'model',
    model.name,
    'a pod learns layers without biases, one after the other, each with its own keys and values',
    'leave attentionBias, ffnBias, parallelBlocks and shared layers out',
  );
  const plainExperts = moe === null || (moe.widths === null && moe.sharedExperts === 0 && moe.expertsIn === 'ffn' && !moe.routerBias);
  refuse(
    !plainExperts,
    'model.experts',
    moe?.experts ?? 0,
    'a pod learns feed-forward experts of one width, without shared ones',
    'use plain experts',
  );
  return issues;
}

function stepIssues({ workload, precision, routing, model }: Scenario): Issue[] {
  const issues: Issue[] = [];
  const refuse = (isRefused: boolean, ...of: Parameters<typeof issue>): void => {
    if (isRefused) issues.push(issue(...of));
  };
  refuse(workload.kind !== 'train', 'workload.kind', workload.kind, 'a pod learns training steps', 'use kind: train');
  refuse(
    workload.remat.policy !== 'none',
    'workload.remat',
    workload.remat.policy,
    'a pod keeps what the backward pass reads',
    'use remat: none',
  );
  refuse(precision.weights !== 'f32', 'precision.weights', precision.weights, 'a pod stores weights in f32', 'use weights: f32');
  refuse(precision.gradients !== 'f32', 'precision.gradients', precision.gradients, 'a pod adds gradients up in f32', 'use gradients: f32');
  refuse(
    precision.quantized !== 'none',
    'precision.quantized',
    precision.quantized,
    'a pod multiplies in f32 or bf16',
    'use quantized: none',
  );
  refuse(
    model.moe !== null && precision.router === 'bf16' && precision.matmul === 'f32',
    'precision.router',
    precision.router,
    'the router of a model in f32 computes in f32',
    'use router: f32, or matmul: bf16',
  );
  refuse(
    model.moe !== null && routing.router === 'trace',
    'routing.router',
    routing.router,
    'recorded choices are of other words',
    'use a router that chooses',
  );
  refuse(
    model.moe !== null && createRouter(routing.router, routing.options).allToAlls === 4,
    'routing.options.shuffle',
    'true',
    'a pod assigns tokens in groups that are ranges of them, the same under every layout, and shuffles none',
    `use router: {name: ${routing.router}, shuffle: false}`,
  );
  return issues;
}

function layoutIssues({ layout, topology }: Scenario): Issue[] {
  const issues: Issue[] = [];
  if (topology.slices > 1 || MESH_AXES.some((axis) => layout.dcn[axis] > 1)) {
    issues.push(issue('topology.slices', topology.slices, 'a pod is one slice', 'use slices: 1'));
  }
  if (axisSize(layout, 'context') > 1) {
    issues.push(issue('layout.ici.context', axisSize(layout, 'context'), 'a pod cuts no sequence', 'use another axis, e.g. fsdp'));
  }
  if (layout.zero === 1 || layout.zero === 2) {
    issues.push(issue('layout.zero', layout.zero, 'a pod shards weights, gradients and state together or not at all', 'use zero: 0 or 3'));
  }
  return issues;
}

/** Groups are ranges of tokens, the same under every layout: one that would cut them changes what is learned. */
function groupIssues(scenario: Scenario): Issue[] {
  const { routing, model } = scenario;
  const follows = routing.groupRule === 'mesh-tf' && routing.groupsMultipleOf === tokenPlaces(scenario);
  if (model.moe === null || !follows) return [];
  const whole = stackGroups({ ...scenario, routing: { ...routing, groupsMultipleOf: 1 } }).stacks;
  return stackGroups(scenario).stacks.flatMap(({ groupTokens }, at) => {
    if (groupTokens === whole[at].groupTokens) return [];
    const rule = `groups of ${whole[at].groupTokens} tokens would be cut into ones of ${groupTokens}: this layout would learn something else than others`;
    return [issue('routing.groupTokens', routing.groupTokens, rule, `use groupTokens: ${groupTokens}, or a layout of fewer parts`)];
  });
}

/** What must divide: the vocabulary, tokens between sub-layers, and what a member stores of each matrix. */
function partIssues(scenario: Scenario): Issue[] {
  const { model, layout, workload } = scenario;
  const issues: Issue[] = [];
  const tensor = axisSize(layout, 'tensor');
  if (model.vocab % tensor !== 0) {
    issues.push(
      issue('model.vocab', model.vocab, `must be a multiple of ${tensor}, the size of the tensor axis`, 'use another tensor axis'),
    );
  }
  const { batch } = shardsOf(layout);
  const tokens = (workload.sequences / batch / layout.microbatches) * workload.sequenceLength;
  if (!Number.isInteger(tokens)) return issues;
  if (layout.tensorActivations === 'sharded' && tokens % tensor !== 0) {
    const rule = `the ${tokens} tokens of a core must be a multiple of the tensor axis, ${tensor}`;
    issues.push(issue('layout.tensorActivations', 'sharded', rule, 'use tensorActivations: whole, or more sequences'));
  }
  return [...issues, ...shardIssues(model, scenario)];
}

/** The matrices that a layout cuts finest: experts, and gains. */
function shardIssues(model: ModelSpec, { layout }: Scenario): Issue[] {
  const { dModel, moe } = model;
  const gain = vector(dModel);
  const { experts: members } = shardsOf(layout);
  const expert = moe === null ? [] : [expertMatrices(moe.experts, dModel, moe.dExpert, 'columns')];
  return [gain, ...expert].flatMap((matrix) => {
    const shards = groupSize(layout, weightGroupOf(matrix, layout));
    const local = tensorShard(matrix, axisSize(layout, 'tensor'));
    const elements = (matrix.expert ? matrix.copies / members : 1) * local.rows * local.columns;
    if (!Number.isInteger(elements) || elements % shards === 0) return [];
    const what = matrix.expert ? 'the experts of a core' : 'a gain of dModel numbers';
    return [
      issue(
        'layout',
        shards,
        `${elements} numbers of ${what} must be a multiple of the ${shards} members that store them`,
        'use fewer members of fsdp or data',
      ),
    ];
  });
}

import type { Fault } from '../fault.ts';

const LAYOUTS = 'test/program/layouts.test.ts';
const STATE = 'test/layout/state.test.ts';
const POLICIES = 'test/program/policies.test.ts';
const SCHEDULES = 'test/layout/pipeline.test.ts';
const LOOPS = 'test/program/loop-memory.test.ts';
const BLOCKS = 'test/program/layer-block.test.ts';

/** Who holds what of the weights, what is made again, and what a stage does after what. */
export const LAYOUT_FAULTS: readonly Fault[] = [
  {
    name: 'context-holds-all',
    what: 'the context axis does not shard weights',
    file: 'src/layout/weight-shards.ts',
    from: "'fsdp', 'context', ...(travels",
    to: "'fsdp', ...(travels",
    caughtBy: { file: STATE, test: 'state knows all devices that met other tokens' },
  },
  {
    name: 'experts-summed-twice',
    what: 'gradients of experts that lie over the data axis are summed over it',
    file: 'src/layout/weight-shards.ts',
    from: "layout.dcn.data > 1 ? { ici: [], dcn: ['data'] } : NOBODY",
    to: "present(['data'], layout)",
    caughtBy: { file: LAYOUTS, test: 'experts over the data axis of two slices sum gradients of experts between slices only' },
  },
  {
    name: 'always-ahead',
    what: 'weights are gathered ahead, whatever the layout says',
    file: 'src/program/gathers.ts',
    from: 'if (layout.overlap.weights && use + 1',
    to: 'if (use + 1',
    caughtBy: { file: LAYOUTS, test: 'fsdp is quicker with prefetch' },
  },
  {
    name: 'summed-every-time',
    what: 'the data axis sums gradients after every microbatch',
    file: 'src/program/reductions.ts',
    from: 'if (isLast) waiting.push(group);',
    to: 'waiting.push(group);',
    caughtBy: { file: LAYOUTS, test: 'fsdp reduce-scatters every microbatch, and sums over the data axis once' },
  },
  {
    name: 'whole-update',
    what: 'replicas that share optimizer state update all of it all the same',
    file: 'src/layout/weight-shards.ts',
    from: 'return storedElements(matrix, layout) / updateShards(matrix, layout);',
    to: 'return storedElements(matrix, layout);',
    caughtBy: {
      file: LAYOUTS,
      test: 'ZeRO updates only what a device stores above level 0, and reads gradients in the type in which they wait',
    },
  },
  {
    name: 'sent-and-kept',
    what: 'what was copied to the host stays in device memory too',
    file: 'src/program/emit-pass.ts',
    from: '[live.madeBy(key)]));\n    live.close(key);',
    to: '[live.madeBy(key)]));',
    caughtBy: { file: LAYOUTS, test: 'rematerialisation copies offloaded tensors to the host and back, and holds as little in between' },
  },
  {
    name: 'scattered-within-a-loop',
    what: 'gradients of what stands behind a loop are scattered while it runs',
    file: 'src/program/late-gradients.ts',
    from: 'return awaited;',
    to: 'return false;',
    caughtBy: {
      file: LOOPS,
      test: 'the gradient of the output matrix is whole until the backward loop has ended, and what is left of it there behind it (zero 0)',
    },
  },
  {
    name: 'early-in-the-closed-form',
    what: 'the closed form of memory knows nothing of gradients that wait for a loop',
    file: 'src/analytic/run-peak.ts',
    from: ' + (loop?.late ?? 0)',
    to: '',
    caughtBy: { file: LOOPS, test: 'memory of a real model in a loop is the same for both answers to two thousandths' },
  },
  {
    name: 'inputs-within-a-block',
    what: 'inputs of all layers of a checkpoint are kept',
    file: 'src/program/units/index.ts',
    from: "const keepsInputs = remat.policy === 'custom' ||",
    to: 'const keepsInputs = remat.layers !== undefined ||',
    caughtBy: {
      file: BLOCKS,
      test: 'layers that are checkpointed together keep the input of the first alone, and make the others again before the backward pass',
    },
  },
  {
    name: 'block-over-stacks',
    what: 'the last layers of an encoder are in one checkpoint with the first ones of its decoder',
    file: 'src/program/units/index.ts',
    from: ' && stacks[end] === stacks[first]',
    to: ' && end < stacks.length',
    caughtBy: { file: BLOCKS, test: 'layers that are checkpointed together of an encoder are not together with those of its decoder' },
  },
  {
    name: 'made-from-nothing',
    what: 'a step is repeated without what it reads',
    file: 'src/program/rematerialise.ts',
    from: 'for (const read of maker.reads) demand(read);',
    to: '',
    caughtBy: { file: POLICIES, test: 'what is kept of mixtral-8x7b is what the backward pass or a repetition reads' },
  },
  {
    name: 'made-again-though-kept',
    what: 'steps are repeated whose tensors were kept',
    file: 'src/program/rematerialise.ts',
    from: "if (place !== 'remat' || maker === undefined) return;",
    to: 'if (maker === undefined) return;',
    caughtBy: { file: POLICIES, test: 'what a policy makes again in a layer of Llama 2 none' },
  },
  {
    name: 'one-ahead-too-many',
    what: 'every stage of 1f1b sends one more microbatch ahead',
    file: 'src/layout/pipeline/1f1b.ts',
    from: 'Math.min(stages - stage - 1, microbatches)',
    to: 'Math.min(stages - stage, microbatches)',
    caughtBy: {
      file: SCHEDULES,
      test: 'microbatches whose activations a stage holds are all of them under gpipe, and at most p - s under 1f1b',
    },
  },
  {
    name: 'backward-in-order',
    what: 'backward passes of the interleaved schedule begin with the first run of a stage',
    file: 'src/layout/pipeline/interleaved.ts',
    from: '(repeats - 1 - repeatOf(shape, i)) * stages',
    to: 'repeatOf(shape, i) * stages',
    caughtBy: { file: SCHEDULES, test: 'schedule interleaved never waits for itself, and idles as long as the formula says' },
  },
  {
    name: 'side-by-side',
    what: 'all pieces of an exchange of tokens start at once',
    file: 'src/program/emit.ts',
    from: '...(sent[piece - 1] ?? [])',
    to: '',
    caughtBy: { file: 'test/program/lower.test.ts', test: 'work of a step sends the pieces of an exchange one after the other' },
  },
  {
    name: 'taught-at-once',
    what: 'under gpipe what a teacher said of one microbatch is kept, and not of all that wait',
    file: 'src/program/step-schedule.ts',
    from: "(axisSize(layout, 'pipeline') === 1 || layout.pipeline.schedule !== 'gpipe')",
    to: 'layout.microbatches > 0',
    caughtBy: { file: 'test/program/workloads.test.ts', test: 'a distillation under gpipe keeps what the teacher said' },
  },
  {
    name: 'remedies-beyond-the-slice',
    what: 'the remedy for an axis names sizes that the devices of the slice do not divide into',
    file: 'src/scenario/axis-fits.ts',
    from: '(size) => members % size === 0 && axisSuitsModel',
    to: '(size) => axisSuitsModel',
    caughtBy: {
      file: 'test/scenario/remedies.test.ts',
      test: 'the remedy for an axis that does not divide the model on tpu-v5p:2x2x3, of llama3.1-70b',
    },
  },
];

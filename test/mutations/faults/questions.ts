import type { Fault } from '../fault.ts';

const WRONG = 'test/intake/wrong-layouts.test.ts';
const MAXTEXT = 'test/intake/importers/maxtext.test.ts';
const REPLAY = 'test/validation/replay.test.ts';
const BUDGET = 'test/scenario/emulate-budget.test.ts';

/** What a scenario may say, what configurations and records of others mean, and how much of a step is routed. */
export const QUESTION_FAULTS: readonly Fault[] = [
  {
    name: 'tensor-over-slices',
    what: 'every axis may run over slices',
    file: 'src/scenario/rules-mesh.ts',
    from: 'layout.dcn[axis] !== 1 && !DCN_AXES',
    to: 'layout.dcn[axis] < 1 && !DCN_AXES',
    caughtBy: { file: WRONG, test: 'a wrong layout or workload with an axis over slices that exchanges too much' },
  },
  {
    name: 'half-a-head',
    what: 'heads of keys and values may be copied onto any number of members',
    file: 'src/layout/tensor-cuts.ts',
    from: '(replicates && members % size === 0)',
    to: '(size < members)',
    caughtBy: { file: 'test/layout/tensor-cuts.test.ts', test: 'heads of keys and values are cut evenly, or copied evenly' },
  },
  {
    name: 'stages-of-some-layers',
    what: 'stages may have different numbers of layers',
    file: 'src/scenario/rules-pipeline.ts',
    from: 'if (layers % (stages * repeats) === 0) return [];',
    to: 'if (layers >= stages * repeats) return [];',
    caughtBy: { file: WRONG, test: 'a wrong layout or workload with a pipeline that does not divide the layers' },
  },
  {
    name: 'layers-from-zero',
    what: 'the importers count layers with experts from 0',
    file: 'src/intake/importers/fit-layers.ts',
    from: '(i >= firstDenseLayers && (i + 1) % layersEvery === 0)',
    to: '(i >= firstDenseLayers && i % layersEvery === 0)',
    caughtBy: {
      file: 'test/intake/importers/hugging-face.test.ts',
      test: 'what a family knows beyond its keys every other layer of Llama 4 has experts where the file says so',
    },
  },
  {
    name: 'wider-in-turn',
    what: 'global_parameter_scale doubles the embedding before heads and feed-forward layers',
    file: 'src/intake/importers/maxtext/model-flags.ts',
    from: 'embedding: 2 ** (rounds + (rest > 1 ? 1 : 0))',
    to: 'embedding: 2 ** (rounds + 1)',
    caughtBy: { file: MAXTEXT, test: 'model files 256 doubles heads and feed-forward layers three times' },
  },
  {
    name: 'last-word-counts',
    what: 'of two flags of one axis the last one counts',
    file: 'src/intake/importers/maxtext/layout-flags.ts',
    from: 'sizes.reduce((product, size) => product * size, 1)',
    to: 'sizes.reduce((_, size) => size, 1)',
    caughtBy: { file: MAXTEXT, test: 'flags of a layout become axes, words of one axis multiplied' },
  },
  {
    name: 'logits-always-wide',
    what: 'logits of a MaxText run are f32 whatever its flags say',
    file: 'src/intake/importers/maxtext/workload-flags.ts',
    from: "{ or: false }) ? 'f32' : matmul,\n    quantized",
    to: "{ or: false }) ? 'f32' : 'f32',\n    quantized",
    caughtBy: { file: MAXTEXT, test: 'the run makes logits in the type of activations, unless their product is f32' },
  },
  {
    name: 'slices-share-weights',
    what: 'slices of which a record says nothing shard weights',
    file: 'src/validation/replay-layout.ts',
    from: 'layout.dcn === null ? { data: slices }',
    to: 'layout.dcn === null ? { fsdp: slices }',
    caughtBy: {
      file: REPLAY,
      test: 'what a source says of a run is in the scenario: slices and their axes, and copies where those are silent',
    },
  },
  {
    name: 'never-recomputed',
    what: 'a record that is silent about recomputation has none, fit or not',
    file: 'src/validation/with-remat.ts',
    from: "peakBytes <= capacityBytes ? 'none' : 'full'",
    to: "'none'",
    caughtBy: {
      file: REPLAY,
      test: 'what a source leaves open recomputes nothing where everything fits, and everything where it does not',
    },
  },
  {
    name: 'no-group-routed',
    what: 'a budget of routing may leave less than two groups',
    file: 'src/scenario/emulate-budget.ts',
    from: 'Math.max(fewest, Math.floor(share * totalTokens))',
    to: 'Math.floor(share * totalTokens)',
    caughtBy: { file: BUDGET, test: 'a budget of routing gives up layers only where their weights take long' },
  },
  {
    name: 'gathers-for-nothing',
    what: 'the closed form hides gathers that the layout waits for',
    file: 'src/analytic/lane-weights.ts',
    from: 'const isPrefetched = layout.overlap.weights && lane.isAhead;',
    to: 'const isPrefetched = lane.isAhead;',
    caughtBy: { file: 'test/analytic/closed-form.test.ts', test: 'the closed form is the estimate of the program where nothing overlaps' },
  },
];

import type { Fault } from '../fault.ts';

const LAYOUTS = 'test/emulate/pod/layouts.test.ts';
const LEARNING = 'test/emulate/pod/learning.test.ts';
const RANDOMNESS = 'test/emulate/pod/randomness.test.ts';
const ROUTERS = 'test/emulate/pod/routers.test.ts';
const ADAFACTOR = 'test/emulate/pod/adafactor.test.ts';
const DROPLESS = 'test/emulate/pod/dropless.test.ts';
const ITEMS = 'test/emulate/pod/items.test.ts';
const EIGHT = 'top-1 with drops, in f32 8 cores, ';

/** What a pod could get wrong between its cores. */
export const POD_FAULTS: readonly Fault[] = [
  {
    name: 'pod-expert-sum-over-wrong-axis',
    what: "parts of expert outputs are summed over the experts' group instead of the tensor axis",
    file: 'src/emulate/pod/switch.ts',
    from: '...allReduce(pod, pod.tensor, made),',
    to: '...allReduce(pod, pod.experts ?? pod.tensor, made),',
    caughtBy: { file: LAYOUTS, test: `${EIGHT}{ici: {data: 4, tensor: 2}, expertsOver: data}: twenty steps are those of one core` },
  },
  {
    name: 'pod-gradients-not-summed',
    what: 'cores that store the same weights do not add up their gradients',
    file: 'src/emulate/pod/step.ts',
    from: '    ...sumGradients(pod),\n',
    to: '',
    caughtBy: { file: LAYOUTS, test: `${EIGHT}{ici: {data: 8}, expertsOver: none}: twenty steps are those of one core` },
  },
  {
    name: 'pod-ends-not-summed',
    what: 'both ends of a pipeline update a shared table with gradients of their own',
    file: 'src/emulate/pod/step.ts',
    from: '    ...sumOverEnds(pod),\n',
    to: '',
    caughtBy: {
      file: LAYOUTS,
      test: `${EIGHT}{ici: {data: 4, pipeline: 2}, expertsOver: data, microbatches: 2}: twenty steps are those of one core`,
    },
  },
  {
    name: 'pod-input-gradient-not-summed',
    what: 'the gradient of the input of attention is that of the own heads alone',
    file: 'src/emulate/pod/attention.ts',
    from: '    ...sumStream(pod, ({ scratch }) => scratch.dNormed),\n',
    to: '',
    caughtBy: { file: LAYOUTS, test: `${EIGHT}{ici: {data: 4, tensor: 2}, expertsOver: none}: twenty steps are those of one core` },
  },
  {
    name: 'pod-gains-of-own-tokens',
    what: 'members of the tensor axis update the gain of a norm with the gradient of their own part of the tokens',
    file: 'src/emulate/pod/step.ts',
    from: '    ...sumGains(pod),\n',
    to: '',
    caughtBy: {
      file: LAYOUTS,
      test: 'top-1 with drops, in f32 4 cores, {ici: {tensor: 4}, expertsOver: none, tensorActivations: sharded}: twenty steps are those of one core',
    },
  },
  {
    name: 'pod-slots-to-wrong-expert',
    what: 'slots go to experts that cores are dealt in turns, where each holds a range of them',
    file: 'src/emulate/pod/expert-exchange.ts',
    from: 'slice(slots, (holder.index * held + expert) * size, size)',
    to: 'slice(slots, (expert * members + holder.index) * size, size)',
    caughtBy: { file: LAYOUTS, test: `${EIGHT}{ici: {data: 4, tensor: 2}, expertsOver: data}: twenty steps are those of one core` },
  },
  {
    name: 'pod-microbatch-forgotten',
    what: 'the shards of gradients of a microbatch take the place of those before it',
    file: 'src/emulate/pod/exchange.ts',
    from: 'pod.isFirst ? parts : [offset, ...parts]',
    to: 'parts',
    caughtBy: {
      file: LAYOUTS,
      test: `${EIGHT}{ici: {data: 2, fsdp: 2, tensor: 2}, expertsOver: data, microbatches: 2}: twenty steps are those of one core`,
    },
  },
  {
    name: 'pod-own-bytes-counted',
    what: 'what a core has already is counted as moved',
    file: 'src/emulate/pod/exchange.ts',
    from: 'if (from !== to) counts[',
    to: 'counts[',
    caughtBy: {
      file: LAYOUTS,
      test: 'what is moved in f32 8 cores, {ici: {data: 8}, expertsOver: data}: by collective and axis what the program says',
    },
  },
  {
    name: 'pod-router-learns-nothing',
    what: 'the gradient of the router does not reach the tokens',
    file: 'src/emulate/pod/router-scores.ts',
    from: "    table.gemm({ ...towardsInput(left, weights), target: to, epilogue: { kind: 'add' } }, plan.lanes[lane]);\n",
    to: '',
    caughtBy: { file: LEARNING, test: 'gradients of a pod are the slopes of its losses: 2 in' },
  },
  {
    name: 'pod-bias-of-own-choices',
    what: 'every core moves the bias of a router by the choices of its own tokens',
    file: 'src/emulate/pod/router-bias.ts',
    from: '      ...allReduce(holders, fellows, choicesOf),\n',
    to: '',
    caughtBy: { file: ROUTERS, test: 'routers of a pod have the same bias on every core, by the choices of the whole batch' },
  },
  {
    name: 'pod-gate-of-another-domain',
    what: 'the gradient of a gate is that of the first domain',
    file: 'src/emulate/pod/router-scores.ts',
    from: 'rowsOf(view, index * dModel, dModel)',
    to: 'rowsOf(view, (view === working ? index : 0) * dModel, dModel)',
    caughtBy: { file: ROUTERS, test: 'routers of a pod have gradients that are the slopes of the losses: 4 gates of' },
  },
  {
    name: 'pod-mask-of-own-tokens',
    what: 'dropout is keyed by the number that a token has on its core',
    file: 'src/emulate/pod/dropout.ts',
    from: 'const token = core.firstToken + core.firstOfPart + first;',
    to: 'const token = core.firstOfPart + first;',
    caughtBy: {
      file: RANDOMNESS,
      test: 'masks and jitter of a pod {ici: {fsdp: 2, tensor: 2}, expertsOver: none}: are those of one core, and no byte of the step',
    },
  },
  {
    name: 'pod-mask-of-own-columns',
    what: 'hidden units of experts are dropped by the number that a column has on its core',
    file: 'src/emulate/pod/dropout.ts',
    from: 'rowOf(buffer, view, row), column, expert * blocks',
    to: 'rowOf(buffer, view, row), 0 * column, expert * blocks',
    caughtBy: {
      file: RANDOMNESS,
      test: 'masks and jitter of a pod {ici: {fsdp: 2, tensor: 2}, expertsOver: none}: are those of one core, and no byte of the step',
    },
  },
  {
    name: 'pod-loss-of-the-core',
    what: 'gradients are those of the mean over the tokens of a core',
    file: 'src/emulate/pod/ends.ts',
    from: 'Math.fround(1 / (sequences * sequenceLength))',
    to: 'Math.fround(1 / logits.shape[0])',
    caughtBy: { file: LAYOUTS, test: `${EIGHT}{ici: {data: 8}, expertsOver: none}: twenty steps are those of one core` },
  },
  {
    name: 'pod-statistics-of-own-part',
    what: 'members of the tensor axis scale an update by the rows and columns of their own parts of a matrix',
    file: 'src/emulate/pod/statistics.ts',
    from: "    ...over(along('tensor'), ({ statistics }) => statistics?.bundles[bundle][round].overTensor),\n",
    to: '',
    caughtBy: {
      file: ADAFACTOR,
      test: "a pod with 'adafactor', 4 cores, '{ici: {tensor: 4}, expertsOver: none}': twenty steps are those of one core",
    },
  },
  {
    name: 'pod-shard-from-the-first-row',
    what: 'every shard of a matrix is updated by the means of the first rows',
    file: 'src/emulate/pod/adafactor.ts',
    from: 'first: shardIndex * numbers.weights.length',
    to: 'first: 0 * shardIndex',
    caughtBy: {
      file: ADAFACTOR,
      test: "a pod with 'adafactor', 8 cores, '{ici: {fsdp: 8}, expertsOver: none}': twenty steps are those of one core",
    },
  },
  {
    name: 'pod-rate-without-warm-up',
    what: 'the rate of learning falls before its warm-up has ended',
    file: 'src/emulate/pod/learning-rate.ts',
    from: 'Math.max(step, warmupSteps)',
    to: 'step + warmupSteps',
    caughtBy: { file: 'test/emulate/pod/learning-rate.test.ts', test: 'a rate of learning falls as the inverse root of the step' },
  },
  {
    name: 'pod-rows-over-other-homes',
    what: 'without slots, rows of every home come to the first rows of an expert, over those of the homes before it',
    file: 'src/emulate/pod/dropless-rows.ts',
    from: 'member < homeIndex; member++) held +=',
    to: 'member < 0; member++) held +=',
    caughtBy: {
      file: DROPLESS,
      test: 'top-1 without slots 8 cores, {ici: {data: 8}, expertsOver: data}: twenty steps are those of one core that has slots for all',
    },
  },
  {
    name: 'pod-router-of-other-rows',
    what: 'without slots, the gradients of weights reach the slots in the order of rows',
    file: 'src/emulate/pod/dropless-rows.ts',
    from: 'target[slot] = gradients[i]',
    to: 'target[first + i] = gradients[i]',
    caughtBy: {
      file: DROPLESS,
      test: 'top-1 without slots 1 cores, {ici: {data: 1}, expertsOver: none}: twenty steps are those of one core that has slots for all',
    },
  },
  {
    name: 'pod-empty-rows-summed',
    what: 'without slots, room that no row fills is summed over the tensor axis too',
    file: 'src/emulate/pod/switch.ts',
    from: '  if (rows === null) return view;\n  const held',
    to: '  if (rows === null || rows !== null) return view;\n  const held',
    caughtBy: {
      file: DROPLESS,
      test: 'top-1 without slots 8 cores, {ici: {data: 4, tensor: 2}, expertsOver: data}: what is moved is what the program says of the same choices',
    },
  },
  {
    name: 'expert-sum-of-first-place',
    what: 'without slots, every sum of expert outputs over the tensor axis has the size of the first one',
    file: 'src/program/units/switch-layer.ts',
    from: 'bytes: places.reduce((sum, place) => sum + sizes[place], 0) / places.length',
    to: 'bytes: sizes[0]',
    caughtBy: {
      file: DROPLESS,
      test: 'top-1 without slots 8 cores, {ici: {expert: 4, tensor: 2}, expertsOver: expert}: what is moved is what the program says of the same choices',
    },
  },
  {
    name: 'count-by-two-threads',
    what: 'bytes that a core gets of two parameters at once are counted by two threads, and some are lost',
    file: 'src/emulate/pod/open-pod.ts',
    from: '      const core = phase.coreOf(item);\n',
    to: '      const core = phase.coreOf(item) + 4096 * phases.indexOf(phase);\n',
    caughtBy: { file: ITEMS, test: 'items of a phase, with replicas write apart' },
  },
];

import type { Fault } from '../fault.ts';

const LAYOUTS = 'test/emulate/pod/layouts.test.ts';
const LEARNING = 'test/emulate/pod/learning.test.ts';
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
    what: 'slots come to the experts in the order of their homes turned round',
    file: 'src/emulate/pod/expert-exchange.ts',
    from: '(expert * experts.size + home.index) * size',
    to: "(expert * experts.size + (way === 'to' ? home.index : experts.size - 1 - home.index)) * size",
    caughtBy: { file: LAYOUTS, test: `${EIGHT}{ici: {data: 8}, expertsOver: data}: twenty steps are those of one core` },
  },
  {
    name: 'pod-microbatch-forgotten',
    what: 'the shards of gradients of a microbatch take the place of those before it',
    file: 'src/emulate/pod/exchange.ts',
    from: 'pod.isFirst ? parts : [part, ...parts]',
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
    from: 'if (from !== to.core) count(',
    to: 'count(',
    caughtBy: {
      file: LAYOUTS,
      test: 'what is moved in f32 8 cores, {ici: {data: 8}, expertsOver: data}: by collective and axis what the program says',
    },
  },
  {
    name: 'pod-router-learns-nothing',
    what: 'the gradient of the router does not reach the tokens',
    file: 'src/emulate/pod/switch.ts',
    from: "      table.gemm({ ...towardsInput(dLogits, router), target: matrixOf(target), epilogue: { kind: 'add' } }, plan.lanes[lane]);\n",
    to: '',
    caughtBy: { file: LEARNING, test: 'gradients of a pod are the slopes of its losses: 2 in' },
  },
  {
    name: 'pod-loss-of-the-core',
    what: 'gradients are those of the mean over the tokens of a core',
    file: 'src/emulate/pod/ends.ts',
    from: 'Math.fround(1 / (sequences * sequenceLength))',
    to: 'Math.fround(1 / logits.shape[0])',
    caughtBy: { file: LAYOUTS, test: `${EIGHT}{ici: {data: 8}, expertsOver: none}: twenty steps are those of one core` },
  },
];

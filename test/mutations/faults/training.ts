import type { Fault } from '../fault.ts';

const TRAINING = 'test/study/training.test.ts';
const EXPERIMENTS = 'test/study/experiments.test.ts';
const RULES = 'test/study/learning-rules.test.ts';
const EVALUATION = 'test/emulate/pod/evaluation.test.ts';

/** What runs that learn could get wrong: batches, checkpoints, teachers, verdicts. */
export const TRAINING_FAULTS: readonly Fault[] = [
  {
    name: 'evaluation-of-learned-words',
    what: 'an evaluation reads words that steps learn from',
    file: 'src/emulate/pod/corpus.ts',
    from: 'const range = training ? learned : heldOut',
    to: 'const range = training || !training ? learned : heldOut',
    caughtBy: { file: EVALUATION, test: 'an evaluation reads words that are held out, and steps read those that are not' },
  },
  {
    name: 'evaluation-of-one-batch',
    what: 'every batch of an evaluation is the first one',
    file: 'src/emulate/pod/corpus.ts',
    from: 'purpose: Purpose.textPlace, step, layer',
    to: 'purpose: Purpose.textPlace, step: training ? step : 0, layer',
    caughtBy: { file: EVALUATION, test: 'an evaluation reads other words in every batch, and the same ones again' },
  },
  {
    name: 'checkpoint-without-optimizer',
    what: 'a checkpoint leaves out what the optimizer keeps',
    file: 'src/emulate/pod/state.ts',
    from: '    ...keptTensors(held),\n',
    to: '',
    caughtBy: { file: TRAINING, test: 'a run that learns ends with the same fingerprint from any of its checkpoints' },
  },
  {
    name: 'checkpoint-without-updates',
    what: 'a run that goes on counts its updates anew',
    file: 'src/emulate/pod/state.ts',
    from: '  setUpdatesDone(plan, buffer, updates);',
    to: '  setUpdatesDone(plan, buffer, 0 * updates);',
    caughtBy: { file: TRAINING, test: 'a run that learns ends with the same fingerprint from any of its checkpoints' },
  },
  {
    name: 'rewind-to-the-same-batches',
    what: 'a run that goes back to its checkpoint reads the batches since then again',
    file: 'src/study/training/run-training.ts',
    from: 'training.history.batches = bad;',
    to: 'training.history.batches = first - 1;',
    caughtBy: { file: TRAINING, test: 'a loss that is no number sends the run back to its checkpoint, and leaves out what was read since' },
  },
  {
    name: 'teacher-of-another-batch',
    what: 'a teacher reads the batch before the one that its pupil learns',
    file: 'src/study/training/run-training.ts',
    from: 'lookAt(history.batches + 1)',
    to: 'lookAt(history.batches)',
    caughtBy: {
      file: TRAINING,
      test: 'a run that follows others hears its teacher on every batch before it learns that batch, and not on held-out words',
    },
  },
  {
    name: 'claim-of-the-other-side',
    what: 'a claim that is contradicted is called seen',
    file: 'src/study/experiments/summarise.ts',
    from: "high < 0 === (is === 'lower')",
    to: "high < 0 !== (is === 'lower')",
    caughtBy: { file: EXPERIMENTS, test: 'a claim is contradicted on the other side' },
  },
  {
    name: 'share-of-no-gain',
    what: 'the share of a gain is told where the seeds show none',
    file: 'src/study/experiments/summarise.ts',
    from: 'pairedDifference95(best, plain).interval[1] >= 0',
    to: 'pairedDifference95(best, plain).interval[1] >= 9',
    caughtBy: { file: EXPERIMENTS, test: 'the share of a gain that is kept is none where the seeds do not show the gain' },
  },
  {
    name: 'layout-cuts-groups',
    what: 'a layout that cuts routing groups is learned all the same',
    file: 'src/scenario/rules-learning.ts',
    from: 'if (groupTokens === whole[at].groupTokens) return [];',
    to: 'if (groupTokens <= whole[at].groupTokens) return [];',
    caughtBy: { file: RULES, test: 'what a pod does not learn routing.groupTokens is refused' },
  },
];

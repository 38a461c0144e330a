import { defaultLearningRate, type LearningSpec, SCENARIO_DEFAULTS, type WorkloadSpec } from '../scenario/index.ts';
import type { LearningInput } from './learning-schema.ts';
import { isShippedText } from './texts.ts';

/** Fills in what is not said of learning. Names that are not those of shipped texts are files. */
export function resolveLearning(
  input: LearningInput,
  { optimizer, expertDropout }: WorkloadSpec,
  pathOf: (stated: string) => string,
): LearningSpec {
  const { texts } = input;
  return {
    ...SCENARIO_DEFAULTS.learning,
    learningRate: defaultLearningRate(optimizer),
    expertDropout,
    ...input,
    texts: texts === undefined ? SCENARIO_DEFAULTS.learning.texts : texts.map((text) => (isShippedText(text) ? text : pathOf(text))),
  };
}

import type { ExperimentResult } from '../../result/index.ts';
import type { ChartSpec } from '../chart-spec.ts';
import { textMap } from '../training/expert-maps.ts';

/** Which expert takes the words of which text, in the first run of every variant; null where there is one text, or nobody chooses. */
export function choiceMaps({ variants, seeds }: ExperimentResult): ChartSpec | null {
  const views = variants.flatMap(({ name, runs: [{ choices }] }) =>
    choices.texts.length < 2 ? [] : choices.layers.map(({ layer, kept }) => textMap(`${name}, layer ${layer}`, choices.texts, kept)),
  );
  if (views.length === 0) return null;
  return {
    id: 'choices',
    title: 'Which expert takes which text',
    shows: `One row per text, one column per expert: its share of the choices of the held-out words of that text that found a slot, at the end of the run with seed ${seeds[0]} (other seeds give experts other numbers). Each row adds up to 100 %; behind it is the expert that takes most.`,
    width: 'full',
    choose: 'Variant',
    views,
  };
}

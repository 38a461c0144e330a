import { expertRange, takeTurns } from '../choice-laws.ts';
import { defineNamedLoad } from '../named-load.ts';

/** What a perfect auxiliary loss would reach; unlike `uniform`, nothing is left to chance. */
export const balanced = defineNamedLoad({
  title: 'every expert gets the same number of choices, exactly',
  law: 'Per group every expert gets S k / E choices, S / E of each rank, up to rounding, in turns; uniform draws (load: {kind: uniform}) scatter around that number as the binomial law says, and drop tokens even so.',
  options: {},
  misfit: () => null,
  choose: (place) => takeTurns(place, expertRange(0, place.experts)),
});

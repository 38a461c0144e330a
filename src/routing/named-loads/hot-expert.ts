import { drawShare, indexMisfit, shareMisfit } from '../choice-laws.ts';
import { defineNamedLoad } from '../named-load.ts';
import { number, wholeNumber } from '../options.ts';

/** One expert draws more than its part, the same in all layers (copy this one to add a named load). */
export const hotExpert = defineNamedLoad({
  title: 'one expert takes a share of all choices',
  law: 'Each token has the hot expert among its choices with probability share * k, as the first one; its other choices are uniform over the other experts.',
  options: {
    share: number(0.3, 0, 1, 'share of all choices that fall on the expert, at most 1/k; 1/E is the uniform one'),
    expert: wholeNumber(0, 0, 65535, 'the hot expert'),
  },
  misfit: (sizes, { share, expert }) => indexMisfit('expert', expert, sizes.experts, 'experts') ?? shareMisfit(sizes, 1, share),
  choose: (place, { share, expert }) => drawShare(place, [expert], share),
});

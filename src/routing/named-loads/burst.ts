import { drawShare, expertRange, indexMisfit, shareMisfit, takeTurns } from '../choice-laws.ts';
import { HOT_OF, hotCount, hotPlaces } from '../hot-place.ts';
import { defineNamedLoad, type LoadPlace } from '../named-load.ts';
import { number, wholeNumber, word } from '../options.ts';

/** Balanced but for bursts: means over layers and groups look harmless, and the step waits all the same. */
export const burst = defineNamedLoad({
  title: 'exactly balanced, but hot in a run of groups of some layers',
  law: 'Every everyLayers-th Switch layer, from the first on, has one run of round(groupShare * groups) neighbouring groups, at a place drawn for the layer, in which share of the choices fall on one expert (or device); everything else is exactly balanced.',
  options: {
    share: number(0.3, 0, 1, 'share of the choices of a hot group that fall on what is hot'),
    of: word(HOT_OF, 'expert', 'whether one expert is hot, or a device with all its experts'),
    at: wholeNumber(0, 0, 65535, 'number of the hot expert (or device)'),
    everyLayers: wholeNumber(4, 1, 1024, 'every how many Switch layers one has a burst'),
    groupShare: number(0.5, 0, 1, 'share of the groups of such a layer that are hot'),
  },
  misfit: (sizes, { share, of, at }) => {
    const count = of === 'expert' ? sizes.experts : sizes.devices;
    return indexMisfit('at', at, count, `${of}s`) ?? shareMisfit(sizes, hotCount(of, at, sizes), share);
  },
  choose: (place, { share, of, at, everyLayers, groupShare }) =>
    place.layer % everyLayers === 0 && isInRun(place, groupShare)
      ? drawShare(place, hotPlaces(of, at, place), share)
      : takeTurns(place, expertRange(0, place.experts)),
});

/** Whether the group lies in the layer's run of hot groups, which goes on from the last group to the first. */
function isInRun({ group, groups, layerDraw }: LoadPlace, groupShare: number): boolean {
  const first = Math.floor(layerDraw * groups);
  return (group - first + groups) % groups < Math.round(groupShare * groups);
}

import { drawShare, shareMisfit } from '../choice-laws.ts';
import { HOT_OF, hotCount, hotPlaces } from '../hot-place.ts';
import { defineNamedLoad } from '../named-load.ts';
import { number, wholeNumber, word } from '../options.ts';

/** Every layer has another hot device: no placement of experts helps for all of them, and over all layers every device has its turn. */
export const rotating = defineNamedLoad({
  title: 'what is hot moves on with every layer',
  law: 'In Switch layer l the hot device (or expert) is number l * stride, modulo how many there are; share of the choices of the layer fall on it.',
  options: {
    share: number(0.3, 0, 1, 'share of all choices of a layer that fall on what is hot there'),
    of: word(HOT_OF, 'device', 'whether a device with all its experts is hot, or one expert'),
    stride: wholeNumber(1, 1, 65535, 'by how many devices (or experts) it moves on per layer'),
  },
  misfit: (sizes, { share, of }) => shareMisfit(sizes, hotCount(of, 0, sizes), share),
  choose: (place, { share, of, stride }) => drawShare(place, hotPlaces(of, place.layer * stride, place), share),
});

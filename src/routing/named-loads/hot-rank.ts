import { drawShare, expertsOn, indexMisfit, shareMisfit } from '../choice-laws.ts';
import { defineNamedLoad } from '../named-load.ts';
import { number, wholeNumber } from '../options.ts';

/** One device is busier than the others, and so are the links to it. */
export const hotRank = defineNamedLoad({
  title: 'the experts of one device take a share of all choices',
  law: 'share of all choices fall on the E / devices experts that one device holds, evenly among them; the others are uniform over the other experts.',
  options: {
    share: number(0.3, 0, 1, 'share of all choices that fall on the experts of the device; 1/devices is the uniform one'),
    device: wholeNumber(0, 0, 65535, 'the hot device'),
  },
  misfit: (sizes, { share, device }) =>
    indexMisfit('device', device, sizes.devices, 'devices that experts are spread over') ??
    shareMisfit(sizes, expertsOn(device, sizes).length, share),
  choose: (place, { share, device }) => drawShare(place, expertsOn(device, place), share),
});

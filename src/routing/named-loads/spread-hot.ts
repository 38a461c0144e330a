import { drawShare, expertsOn, shareMisfit } from '../choice-laws.ts';
import { defineNamedLoad, type LoadSizes } from '../named-load.ts';
import { number } from '../options.ts';

/** `hot-rank` with its hot experts on different devices: the difference between the two is what placement of experts can win. */
export const spreadHot = defineNamedLoad({
  title: 'the hot experts of hot-rank, spread over the devices',
  law: 'share of all choices fall on as many experts as one device holds, evenly spread over all devices; the others are uniform over the other experts.',
  options: { share: number(0.3, 0, 1, 'share of all choices that fall on the hot experts together') },
  misfit: (sizes, { share }) => shareMisfit(sizes, expertsOn(0, sizes).length, share),
  choose: (place, { share }) => drawShare(place, spreadExperts(place), share),
});

/** As many experts as device 0 holds: number i of n is one of device floor(i * devices / n), a different one each time. */
function spreadExperts(sizes: LoadSizes): number[] {
  const count = expertsOn(0, sizes).length;
  const taken = new Map<number, number>();
  return Array.from({ length: count }, (_, i) => {
    const device = Math.floor((i * sizes.devices) / count);
    const place = taken.get(device) ?? 0;
    taken.set(device, place + 1);
    return expertsOn(device, sizes)[place];
  });
}

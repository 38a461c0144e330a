import { expertRange, expertsOn, indexMisfit, takeTurns } from '../choice-laws.ts';
import { defineNamedLoad, type LoadSizes } from '../named-load.ts';
import { type OptionMisfit, wholeNumber } from '../options.ts';

/** A device that nobody sends to: it takes part in every collective all the same. */
export const zeroTokenRank = defineNamedLoad({
  title: 'experts of one device get nothing, all others the same',
  law: 'No choice falls on the experts of one device; per group every other expert gets S k / (E - E / devices) choices, of each rank as many, up to rounding, in turns.',
  options: { device: wholeNumber(0, 0, 65535, 'the device that gets nothing') },
  misfit: (sizes, { device }) =>
    indexMisfit('device', device, sizes.devices, 'devices that experts are spread over') ?? enoughOthers(sizes, device),
  choose: (place, { device }) => takeTurns(place, othersThan(device, place)),
});

function othersThan(device: number, sizes: LoadSizes): number[] {
  const idle = new Set(expertsOn(device, sizes));
  return expertRange(0, sizes.experts).filter((expert) => !idle.has(expert));
}

function enoughOthers(sizes: LoadSizes, device: number): OptionMisfit | null {
  const others = othersThan(device, sizes).length;
  if (others >= sizes.topK) return null;
  const rule = `leaves ${others} experts for ${sizes.topK} choices per token`;
  return { option: 'device', rule, remedy: 'spread the experts over more devices (layout.expertsOver), or use more experts' };
}

/**
 * Units as flavours of `number`: a plain number is accepted, but seconds are refused where picoseconds are asked for.
 */
type Flavour<Name extends string> = number & { readonly __unit?: Name };

/** Whole number of simulated picoseconds; exact in a JS number up to 2.5 simulated hours. */
export type Picoseconds = Flavour<'Picoseconds'>;
export type Seconds = Flavour<'Seconds'>;
export type Bytes = Flavour<'Bytes'>;
export type BytesPerSecond = Flavour<'BytesPerSecond'>;
export type Flops = Flavour<'Flops'>;
export type FlopsPerSecond = Flavour<'FlopsPerSecond'>;

/** `15.9 GiB`, `0.015 GiB`: device memory as its makers count it. */
export function gibibytes(bytes: Bytes): string {
  const count = bytes / 2 ** 30;
  return `${count === 0 || count >= 1 ? count.toFixed(1) : count.toPrecision(2)} GiB`;
}

export const PICOSECONDS_PER_SECOND = 1e12;

/** The one place where a duration is rounded: seconds to the nearest whole picosecond. */
export function toPicoseconds(seconds: Seconds): Picoseconds {
  return Math.round(seconds * PICOSECONDS_PER_SECOND) as Picoseconds;
}

export function toSeconds(picoseconds: Picoseconds): Seconds {
  return (picoseconds / PICOSECONDS_PER_SECOND) as Seconds;
}

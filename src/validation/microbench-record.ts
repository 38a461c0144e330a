import type { Bytes, BytesPerSecond, FlopsPerSecond, Seconds } from '../base/index.ts';

/** Measurements of one operation at one or more sizes, as `data/microbench/README.md` describes them. */
export type MicrobenchRecord = ProductRecord | CopyRecord | CollectiveRecord;

export type MicrobenchKind = MicrobenchRecord['kind'];

interface RecordHead {
  readonly id: string;
  readonly chip: string;
  readonly what: string;
  readonly source: string;
  readonly asOf: string;
  readonly note?: string;
  /** Why no curve that is fitted without these points meets them; printed where one is missed. */
  readonly why?: string;
}

/** Matrix products on one device. */
export interface ProductRecord extends RecordHead {
  readonly kind: 'product';
  readonly batch: number;
  readonly bytesPerElement: number;
  readonly points: readonly ProductPoint[];
}

/** Either a duration or the rate that was printed. */
export type ProductPoint = { readonly m: number; readonly k: number; readonly n: number } & (
  | { readonly seconds: Seconds }
  | { readonly flopsPerSecond: FlopsPerSecond }
);

/** Copies within the HBM of one chip; bytes read and bytes written both count. */
export interface CopyRecord extends RecordHead {
  readonly kind: 'copy';
  readonly points: readonly CopyPoint[];
}

export type CopyPoint = { readonly bytes: Bytes } & ({ readonly seconds: Seconds } | { readonly bytesPerSecond: BytesPerSecond });

/** Collectives over all chips of a grid. */
export interface CollectiveRecord extends RecordHead {
  readonly kind: 'collective';
  readonly collective: 'all-gather' | 'reduce-scatter';
  readonly shape: readonly number[];
  readonly wrap: readonly boolean[];
  readonly points: readonly CollectivePoint[];
}

/** `bytes` of the whole array; a rate says which bytes it counts. */
export type CollectivePoint = { readonly bytes: Bytes } & (
  | { readonly seconds: Seconds }
  | { readonly countedBytes: Bytes; readonly bytesPerSecond: BytesPerSecond }
);

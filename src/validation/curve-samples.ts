import type { Bytes, BytesPerSecond, Seconds } from '../base/index.ts';
import { COLLECTIVES, transferSeconds } from '../collectives/index.ts';
import {
  type Chip,
  type CollectiveCurve,
  type CopyCurve,
  collectiveSeconds,
  copySeconds,
  coreOf,
  matmulFlops,
  matmulSecondsAtPeak,
  type ProductCurve,
  productTime,
  sliceTopology,
} from '../hardware/index.ts';
import type {
  CollectivePoint,
  CollectiveRecord,
  CopyPoint,
  MicrobenchKind,
  MicrobenchRecord,
  ProductPoint,
  ProductRecord,
} from './microbench-record.ts';
import type { Law } from './relative-fit.ts';

/** One measured point, with what a curve needs to know of the chip: its published peaks, and the wires. */
export interface CurveSample {
  readonly label: string;
  readonly seconds: Seconds;
  /** Of the published peak: array time of a product, stream time of a copy, transfer time of a collective. */
  readonly peakSeconds: Seconds;
  /** HBM bytes of a product; 0 for others. */
  readonly bytes: Bytes;
  /** Published HBM rate of the device; 0 for collectives. */
  readonly hbmBytesPerSecond: BytesPerSecond;
  /** Hops of the longest path; 0 unless a collective. */
  readonly latencySeconds: Seconds;
}

/** Names of the constants of a kind, in the order in which they are fitted, and where the search for them starts. */
export const CURVE_CONSTANTS = {
  copy: { launchSeconds: 5e-7, peakShare: 0.85 },
  product: { launchSeconds: 1.5e-6, peakShare: 0.85, windowBytes: 3e7, exposedCost: 0.5 },
  collective: { launchSeconds: 1e-5, linkShare: 0.95 },
} as const satisfies { readonly copy: CopyCurve; readonly product: ProductCurve; readonly collective: CollectiveCurve };

/** The constant that a single measurement can say something about: the share of the peak. */
export const SHARE_ROW = 1;

export function curveLaw(kind: MicrobenchKind, streamShare: number): Law<CurveSample> {
  if (kind === 'copy')
    return ([launchSeconds, peakShare], { peakSeconds, hbmBytesPerSecond }) =>
      copySeconds({ launchSeconds, peakShare }, hbmBytesPerSecond, peakSeconds * hbmBytesPerSecond);
  if (kind === 'collective') {
    return ([launchSeconds, linkShare], { peakSeconds, latencySeconds }) =>
      collectiveSeconds({ launchSeconds, linkShare }, peakSeconds, latencySeconds);
  }
  return ([launchSeconds, peakShare, windowBytes, exposedCost], { peakSeconds, bytes, hbmBytesPerSecond }) =>
    productTime({ launchSeconds, peakShare, windowBytes, exposedCost }, peakSeconds, bytes, hbmBytesPerSecond * streamShare).seconds;
}

export function samplesOf(record: MicrobenchRecord, chip: Chip): CurveSample[] {
  if (record.kind === 'product') return record.points.map((point) => productSample(record, point, chip));
  if (record.kind === 'copy') return record.points.map((point) => copySample(point, chip));
  return record.points.map((point) => collectiveSample(record, point, chip));
}

function productSample({ batch, bytesPerElement }: ProductRecord, point: ProductPoint, chip: Chip): CurveSample {
  const { m, k, n } = point;
  const product = { m, k, n, batch };
  const core = coreOf(chip);
  return {
    label: `${m}x${k}x${n}`,
    seconds: 'seconds' in point ? point.seconds : matmulFlops(product) / point.flopsPerSecond,
    peakSeconds: matmulSecondsAtPeak(core, product),
    bytes: bytesPerElement * batch * (m * k + k * n + m * n),
    hbmBytesPerSecond: core.hbmBytesPerSecond,
    latencySeconds: 0,
  };
}

function copySample(point: CopyPoint, chip: Chip): CurveSample {
  return {
    label: `${point.bytes / 2 ** 20} MiB`,
    seconds: 'seconds' in point ? point.seconds : point.bytes / point.bytesPerSecond,
    peakSeconds: point.bytes / chip.hbmBytesPerSecond,
    bytes: 0,
    hbmBytesPerSecond: chip.hbmBytesPerSecond,
    latencySeconds: 0,
  };
}

/** The group has all chips of the grid and one member on each, so that the wires and not the inside of a chip are measured. */
function collectiveSample({ collective, shape, wrap }: CollectiveRecord, point: CollectivePoint, chip: Chip): CurveSample {
  const topology = sliceTopology({ ...chip, devicesPerChip: 1 }, { chip: chip.name, shape, wrap, slices: 1, slowDevices: [] });
  const devices = Uint32Array.from({ length: topology.devices }, (_, device) => device);
  const { phases } = COLLECTIVES[collective].plan({ topology, devices, bytes: point.bytes });
  return {
    label: `${point.bytes / 2 ** 20} MiB`,
    seconds: 'seconds' in point ? point.seconds : point.countedBytes / point.bytesPerSecond,
    peakSeconds: phases.reduce((sum, phase) => sum + transferSeconds(phase, topology), 0),
    bytes: 0,
    hbmBytesPerSecond: 0,
    latencySeconds: phases.reduce((sum, phase) => sum + phase.latencySeconds, 0),
  };
}

import type { Chip } from './chip.ts';

/**
 * A chip of which only so many devices take part: each is what it is in the whole chip, so everything that devices share out falls with their number. Wires, hosts
 * and the price stay those of a chip.
 */
export function partOfChip(chip: Chip, devices: number): Chip {
  const share = devices / chip.devicesPerChip;
  const part = (value: number): number => value * share;
  return {
    ...chip,
    devicesPerChip: devices,
    tensorCores: part(chip.tensorCores),
    matmulFlopsPerSecond: part(chip.matmulFlopsPerSecond),
    ...(chip.int8OpsPerSecond === undefined ? {} : { int8OpsPerSecond: part(chip.int8OpsPerSecond) }),
    ...(chip.fp8FlopsPerSecond === undefined ? {} : { fp8FlopsPerSecond: part(chip.fp8FlopsPerSecond) }),
    mxusPerChip: part(chip.mxusPerChip),
    ...(chip.vmemBytes === undefined ? {} : { vmemBytes: part(chip.vmemBytes) }),
    vectorOpsPerSecond: part(chip.vectorOpsPerSecond),
    hbmBytes: part(chip.hbmBytes),
    hbmBytesPerSecond: part(chip.hbmBytesPerSecond),
  };
}

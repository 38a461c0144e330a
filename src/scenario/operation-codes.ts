import type { IssueCode } from './issue-code.ts';

/** Single operations on a device. */
export const OPERATION_CODES = {
  E_DTYPE_RATE: {
    title: 'A chip without a published rate for a type of numbers',
    rule: 'the chip file must have the peak of the type: matmulFlopsPerSecond for bf16 and f32, int8OpsPerSecond for int8',
    example: 'switchyard op matmul --chip tpu-v3 --m 256 --k 256 --n 256 --dtype int8',
    remedy: 'take bf16, or a chip that publishes the rate; the message names them',
  },
  E_MICROBENCH: {
    title: 'A file of micro-benchmarks that cannot be read',
    rule: 'a JSON array of records as data/microbench/README.md describes them, each with an id of its own and a chip of topologies/chips',
    example: '"flopsPerSecond": "2.6 T"',
    remedy: 'copy a record of data/microbench/ironwood.json and replace its values',
  },
} as const satisfies Record<string, IssueCode>;

import type { IssueCode } from './issue-code.ts';

/** Wires, and what is sent over them. */
export const WIRE_CODES = {
  E_QUANTITY: {
    title: 'A size, bandwidth or duration that cannot be read',
    rule: 'a number above 0 and a unit: bytes as 64MiB, 64MB or 67108864; bandwidths as 50GiB/s, 45GB/s or 400Gbit/s; durations as 500ns, 1us or 2ms',
    example: 'switchyard collective --topology tpu-v4:4x4x4 --op all-reduce --bytes 64Mb',
    remedy: 'write B for bytes and bit for bits, with K, M, G, T or Ki, Mi, Gi, Ti before it',
  },
  E_TRAFFIC_SIZE: {
    title: 'A traffic matrix of another size than the group',
    rule: 'one row per sender and one column per receiver, both in the order of the devices, without header',
    example: 'a matrix of 8 x 8 for a slice of 16 devices',
    remedy: 'give one row and one column per device of the group',
  },
  E_TRAFFIC_VALUE: {
    title: 'An entry of a traffic matrix that is no amount of bytes',
    rule: 'every entry is a finite number of at least 0, and at least one is above 0',
    example: '-1, an empty cell, or a header of names',
    remedy: 'correct the entry at the line and column that the message names',
  },
  E_ROUTING: {
    title: 'A routing that the wires cannot have',
    rule: 'dimension-ordered and all-orders need a plain grid: no twist, no broken link, members that are a grid of chips; balanced goes anywhere',
    example: '--routing dimension-ordered --twisted',
    remedy: 'use balanced, or leave the routing out',
  },
} as const satisfies Record<string, IssueCode>;

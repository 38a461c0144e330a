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
  E_GRID: {
    title: 'A bare grid that cannot be read',
    rule: 'torus:AxBxC or mesh:AxB with 1 to 3 sides, ring:N or line:N with one; behind it _twisted, and *2 for two slices',
    example: 'switchyard collective --topology ring:8x8',
    remedy: 'write torus:8x8, mesh:8x8, ring:64 or line:8',
  },
  E_GRID_CHIP: {
    title: 'A step on wires without a chip',
    rule: 'a scenario names a chip generation, because durations, memory and money come from it; bare grids are for `switchyard collective`',
    example: 'topology: torus:4x4x4',
    remedy: 'put a chip before the sides: tpu-v5p:4x4x4',
  },
  E_SLICES: {
    title: 'A number of slices that cannot be simulated',
    rule: 'slices is a whole number of at least 1, and all slices together have at most 1,048,576 chips',
    example: 'switchyard collective --topology tpu-v5e:16x16*0',
    remedy: 'leave it out for one slice, or choose fewer',
  },
  E_TWIST: {
    title: 'A twisted torus of sides that have no twist, or with an open side',
    rule: 'sides are n and 2n, at least one of each, and all of them close: the wraps of the short sides shift the long ones by n',
    example: 'topology: {chip: tpu-v4, shape: [4, 4, 4], twisted: true}',
    remedy: 'choose sides like 4x4x8 or 4x8x8, with wrap: closed, or leave the twist out',
  },
  E_LINK: {
    title: 'A broken or slow link that the slice does not have',
    rule: 'a link is named by two neighbouring chips, once, by numbers (x runs fastest) or by coordinates; it stands for all wires between them in both directions',
    example: 'topology: {chip: tpu-v3, shape: [4, 4], brokenLinks: [[0, 5]]}',
    remedy: 'name two chips that a wire joins; the message says which neighbours the first one has',
  },
  E_LINKS_CUT: {
    title: 'Broken links that cut a slice in pieces',
    rule: 'every chip of a slice reaches every other one over links that work',
    example: 'topology: {chip: tpu-v3, shape: [4, 4], wrap: open, brokenLinks: [[0, 1], [0, 4]]}',
    remedy: 'leave at least one wire to each part, or choose a smaller slice',
  },
  E_SCHEDULE_SIZE: {
    title: 'A collective of more messages than can be kept',
    rule: 'the hop network keeps every message: at most 16 million, over routes of at most 256 million links together',
    example: 'switchyard collective --topology torus:16x16x16 --op all-to-all --bytes 64MiB --network hop',
    remedy: 'use the fluid network, which needs no messages, or a smaller slice',
  },
  E_OPTION_FIT: {
    title: 'An option that the operation does not have, or lacks',
    rule: 'a traffic matrix belongs to all-to-all, a routing to all-to-all and permute, a root to broadcast, a shift to permute; axes are those of the shape; bytes are given, or a matrix of them',
    example: 'switchyard collective --topology torus:4x4 --op all-reduce --bytes 1MiB --root 3',
    remedy: 'leave the option out, or choose the operation that has it',
  },
  E_COLLECTIVE_UNKNOWN: {
    title: 'No such collective operation',
    rule: 'an operation is an entry of the registry of collectives',
    example: '--op alltoall',
    remedy: 'choose one from `switchyard list collectives`',
  },
  E_NETWORK_UNKNOWN: {
    title: 'No such network model',
    rule: 'a network model is ideal, fluid or hop',
    example: '--network fluids',
    remedy: 'choose one from `switchyard list networks`',
  },
  E_NETWORK_SIZE: {
    title: 'A simulation hop by hop that would need too much time or memory',
    rule: 'events and memory of the model hop are counted before it starts',
    example: 'all-to-all of 4,096 devices by --network hop --chunk 1KiB',
    remedy: 'use the fluid model, larger chunks, or fewer devices',
  },
} as const satisfies Record<string, IssueCode>;

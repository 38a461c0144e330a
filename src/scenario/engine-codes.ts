import type { IssueCode } from './issue-code.ts';

/** Simulating a step. */
export const ENGINE_CODES = {
  E_ENGINE_MEMORY: {
    title: 'A simulation larger than the memory that it may have',
    rule: 'what a simulation allocates is counted before it starts; devices that are all alike are simulated as one',
    example: 'a step of 20,000 tasks on 9,216 devices with jitter, of which every span is to be kept',
    remedy: 'simulate fewer layers, or leave out slow devices, jitter and skew, so that one device stands for all',
  },
  E_ENGINE_WAY: {
    title: 'A way of simulating that would not be exact',
    rule: 'one device may stand for all only where devices and groups are equal; a sweep may be made only where transfers never share a link',
    example: "simulate(program, topology, {devices: 'folded'}) with a slow device",
    remedy: "use 'auto', which takes the cheapest way that is exact",
  },
} as const satisfies Record<string, IssueCode>;

import { Purpose, uniform } from '../base/index.ts';
import { shuffled } from './shuffled.ts';

/**
 * Domains of the synthetic text. Every sequence has one, drawn uniformly and the same in both stacks; it says nothing about the sequence's tokens. Eight as in
 * DEMix (Gururangan et al. 2021, arXiv 2108.05036, section 3: eight training domains).
 */
export const DOMAINS = 8;

/** Layer key of the sequences' own draws; layers have the numbers above. */
const SEQUENCES = 0;

/** [count]: domains of the tokens `first` .. `first` + `count` - 1 of a stack whose sequences have `sequenceLength` tokens. */
export function fillDomains(domains: Int32Array, seed: number, sequenceLength: number, first: number): void {
  let known = -1;
  let domain = 0;
  for (let token = 0; token < domains.length; token++) {
    const sequence = Math.floor((first + token) / sequenceLength);
    if (sequence !== known) {
      known = sequence;
      domain = Math.floor(uniform(seed, Purpose.tokenDomain, SEQUENCES, sequence) * DOMAINS);
    }
    domains[token] = domain;
  }
}

/**
 * [DOMAINS][E]: the gates of one layer where every domain has its own. An untrained gate is as good as any other, so the gate of a domain is the
 * layer's own with the experts renamed: its score of expert e is the layer's score of expert gate[e].
 */
export function domainGates(seed: number, layer: number, experts: number): Int32Array[] {
  return Array.from({ length: DOMAINS }, (_, domain) =>
    shuffled(experts, (last) => uniform(seed, Purpose.tokenDomain, 1 + layer, domain * experts + last)),
  );
}

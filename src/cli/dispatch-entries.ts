import { DISPATCH_NAMES, type DispatchName } from '../routing/index.ts';
import type { Entry } from './catalogue.ts';

/** Ways of bringing tokens to their experts, in the words of `list` and `explain`. */
const WORDS: Readonly<Record<DispatchName, { readonly title: string; readonly facts: Entry['facts'] }>> = {
  einsum: {
    title: 'one-hot products into slots',
    facts: [
      [
        'law',
        'Masks [tokens, experts, slots] and products with them; every slot is computed and sent, filled or not; what finds no slot is dropped.',
      ],
      ['source', 'Mesh-TensorFlow, tensorflow/mesh mesh_tensorflow/transformer/moe.py; Lepikhin et al. 2020, arXiv 2006.16668'],
    ],
  },
  scatter: {
    title: 'copies into slots',
    facts: [
      [
        'law',
        'The slots, drops and all-to-alls of einsum, but tokens are copied to where running sums say: no masks, no products with them.',
      ],
      ['source', 'Tutel: Hwang et al. 2022, arXiv 2206.03382, section 4.2'],
    ],
  },
  dropless: {
    title: 'sorted by expert, without slots',
    facts: [
      [
        'law',
        'Only rows that were chosen travel and are computed, and nothing is dropped; the device of a hot expert is late and the others wait for it. Capacity factor and rule do nothing.',
      ],
      ['source', 'MegaBlocks: Gale et al. 2022, arXiv 2211.15841'],
    ],
  },
};

export function dispatchEntries(): Entry[] {
  return DISPATCH_NAMES.map((name) => {
    const { title, facts } = WORDS[name];
    return { name, title, facts: [['scenario key', `routing: {dispatch: ${name}}`], ...facts] };
  });
}

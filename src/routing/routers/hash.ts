import { refuseInput } from '../check-input.ts';
import { defineRouter } from '../define-router.ts';
import { fixedChoices } from '../fixed-choices.ts';
import { hashTable } from '../hash-table.ts';
import { wholeNumber, word } from '../options.ts';
import { required } from '../required.ts';

const TITLE = 'Hash layer';

/**
 * Hash layers: a fixed table gives each vocabulary id its expert, so nothing is learned and nothing is sent to find the expert. The balanced table
 * evens the expected load out; single frequent ids still overload theirs when an id alone is more than an expert's share.
 */
export const hash = defineRouter({
  title: TITLE,
  source: 'Roller et al. 2021, arXiv 2106.04426, section 3 (random hash, balanced assignment)',
  options: {
    table: word(['balanced', 'random'], 'balanced', 'ids are dealt so that loads are even under their frequencies, or by a hash of the id'),
    vocabulary: wholeNumber(32128, 1, 4_194_304, 'number of token ids; 32,128 is that of T5'),
  },
  create: ({ table, vocabulary }) => ({
    ...fixedChoices(1, ['tokenIds'], (input, expert) => {
      const tokenIds = required(input, 'tokenIds');
      const expertOf = hashTable(table, vocabulary, input.experts);
      for (let token = 0; token < expert.length; token++) {
        const id = tokenIds[token];
        if (id >= vocabulary) {
          refuseInput(TITLE, 'tokenIds', `id ${id} at token ${token}`, `below ${vocabulary}, the option vocabulary`);
        }
        expert[token] = expertOf[id];
      }
    }),
    vocabulary,
  }),
});

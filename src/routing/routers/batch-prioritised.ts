import { defineRouter } from '../define-router.ts';
import { wholeNumber } from '../options.ts';
import { topKRules } from '../top-k.ts';

/**
 * V-MoE's batch-prioritised routing: tokens queue by decreasing probability of their first choice, equal ones as they stand, and all first choices
 * come before all second ones. What is dropped is then what the router cares least about, so capacity factors below 1 work. Weights are the
 * probabilities as they are. The order looks at the whole group, later tokens of a sequence included.
 */
export const batchPrioritised = defineRouter({
  title: 'V-MoE batch-prioritised',
  source: 'Riquelme et al. 2021, arXiv 2106.05974, section 4; google/flaxformer@399ea3a flaxformer/architectures/moe/routing.py',
  options: { topK: wholeNumber(2, 1, 64, 'experts per token') },
  create: ({ topK }) => topKRules({ topK, normalise: 'none', priority: 'batch-prioritised', secondChoice: 'next' }),
});

import { NORMALISATIONS } from '../chosen-weights.ts';
import { defineRouter } from '../define-router.ts';
import { wholeNumber, word } from '../options.ts';
import { PRIORITIES, topKRules } from '../top-k.ts';

/**
 * The k most probable experts of each token. Published models differ in how they weigh them and in who is served first; each difference is an option:
 *   flaxformer          normalise: none,                priority: choice-major or batch-prioritised
 *   MaxText             normalise: softmax-over-chosen, priority: token-major
 *   DeepSpeed, k = 1    normalise: none,                priority: random
 *   DeepSpeed, k = 2    normalise: after-drop,          secondChoice: gumbel
 *   DeepSpeed, k > 2    normalise: after-drop,          priority: token-major (its drop policy `position`)
 *   Mixtral             normalise: softmax-over-chosen, nothing dropped
 * `gumbel` and `random` need training; at evaluation they choose and queue as `next` and `choice-major` do. The auxiliary loss counts all choices, as
 * flaxformer does; DeepSpeed counts first choices alone for k = 2, and divides by k for k > 2.
 */
export const topk = defineRouter({
  title: 'Top-k',
  source:
    'google/flaxformer@399ea3a flaxformer/architectures/moe/routing.py; AI-Hypercomputer/maxtext@e591f30 moe.py; ' +
    'deepspeedai/DeepSpeed@edaa722 deepspeed/moe/sharded_moe.py; huggingface/transformers modeling_mixtral.py',
  options: {
    topK: wholeNumber(2, 1, 64, 'experts per token'),
    normalise: word(NORMALISATIONS, 'none', 'whether the weights of the chosen experts are brought to the sum 1, and when'),
    priority: word(
      PRIORITIES,
      'choice-major',
      'who is served first: all first choices, all choices of a token, sure tokens, or random tokens',
    ),
    secondChoice: word(['next', 'gumbel'], 'next', 'choices after the first: the next best, or drawn with Gumbel noise on the logits'),
  },
  create: topKRules,
});

import { defineRouter } from '../define-router.ts';
import { wholeNumber } from '../options.ts';
import { topKRules } from '../top-k.ts';

/**
 * Multi-gate mixture of experts: every task has a gate of its own over experts that all tasks share. The gate is outside: the probabilities handed in
 * for a token are those of its task's gate, a softmax over all experts. The weights are these probabilities; the paper's dense form, in
 * which every expert sees every token, is topK = experts, and a smaller topK leaves out the rest. There is no auxiliary loss.
 */
export const multiGate = defineRouter({
  title: 'Multi-gate',
  source: 'Ma et al. 2018, doi 10.1145/3219819.3220007, section 4.2, equations 6 and 7',
  options: { topK: wholeNumber(2, 1, 64, 'experts per token; as many as there are is the dense form of the paper') },
  create: ({ topK }) => {
    const rules = topKRules({ topK, normalise: 'none', priority: 'choice-major', secondChoice: 'next' });
    return {
      ...rules,
      gates: 'domain',
      auxiliaryLoss: () => 0,
      backward: (input, assignment, gradient) => rules.backward(input, assignment, { ...gradient, auxiliaryLoss: 0 }),
    };
  },
});

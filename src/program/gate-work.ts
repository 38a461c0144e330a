import { createRouter, type RoutingChoice } from '../routing/index.ts';

/** What a router makes a device do beside moving tokens to their experts. */
export interface GateWork {
  /** Products of the tokens with router weights: one for logits, a second for the scale of the noise; none where no score is read. */
  readonly products: 0 | 1 | 2;
  /** Whether gradients go back through the weights of the choices. */
  readonly learned: boolean;
  /** Whether tokens queue for slots, so that their positions must be found; where experts choose, the rank of a token is its slot. */
  readonly queues: boolean;
  /** Passes over the scores until all tokens are assigned, beside those of the gate. */
  readonly assignmentPasses: number;
  /** Whether tokens are shuffled over the devices before they are routed, and back after. */
  readonly shuffles: boolean;
}

export function gateWork({ router: name, options }: Pick<RoutingChoice, 'router' | 'options'>): GateWork {
  const router = createRouter(name, options);
  const { reads, learned, assignmentPasses = 0, allToAlls } = router;
  const hasScores = reads.includes('logits') || reads.includes('probabilities');
  return {
    products: !hasScores ? 0 : reads.includes('noiseLogits') ? 2 : 1,
    learned,
    queues: router.expertsChoose !== true,
    assignmentPasses,
    shuffles: allToAlls === 4,
  };
}

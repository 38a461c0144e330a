import { Purpose, uniform } from '../../src/base/index.ts';

/** Seed of the shipped recording. */
const SEED = 11;
const EXPERTS = 128;
/** Switch layers of Switch-Base (encoder first) and how many of their first tokens are recorded: whole routing groups of the scenario. */
const RECORDED = [
  { layer: 0, tokens: 2048 },
  { layer: 3, tokens: 2048 },
  { layer: 6, tokens: 912 },
] as const;

/**
 * Text of `scenarios/traces/example.csv`: experts drawn with probability proportional to 1 / sqrt(8 + rank), the ranking turned by 37 experts
 * from layer to layer, so that the load is skewed as in a trained model's early layers and differs between layers.
 */
export function exampleTrace(): string {
  const weights = Array.from({ length: EXPERTS }, (_, rank) => 1 / Math.sqrt(8 + rank));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const lines = ['layer,token,expert'];
  for (const { layer, tokens } of RECORDED) {
    for (let token = 0; token < tokens; token++) {
      let rest = uniform(SEED, Purpose.syntheticRoute, layer, token) * total;
      let rank = 0;
      while (rank < EXPERTS - 1 && rest >= weights[rank]) rest -= weights[rank++];
      lines.push(`${layer},${token},${(rank + 37 * layer) % EXPERTS}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

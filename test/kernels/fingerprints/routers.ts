import { F32, softmax } from '../../../src/kernels/index.ts';
import {
  createRouter,
  type OptionSpec,
  type OptionValue,
  type OptionValues,
  ROUTERS,
  type RouterInput,
} from '../../../src/routing/index.ts';
import { draws } from '../products.ts';
import { type Prints, printOf, reals, wholes } from './print.ts';

const TOKENS = 96;
const EXPERTS = 16;

/** Assignment, auxiliary loss and gradient of every router: with its defaults, and with every other value of its options that has no digits. */
export function routerPrints(): Prints {
  const prints: Record<string, string> = {};
  for (const [name, { options }] of Object.entries(ROUTERS)) {
    prints[name] = routerPrint(name, {});
    for (const [option, spec] of Object.entries(options)) {
      for (const value of otherValues(spec)) prints[`${name} with ${option} ${value}`] = routerPrint(name, { [option]: value });
    }
  }
  return prints;
}

function otherValues(spec: OptionSpec): readonly OptionValue[] {
  if (spec.kind === 'number') return [];
  const values: readonly OptionValue[] = spec.kind === 'word' ? spec.words : [true, false];
  return values.filter((value) => value !== spec.default);
}

function routerPrint(name: string, options: OptionValues): string {
  const router = createRouter(name, options);
  const perExpert = (TOKENS * router.topK) / EXPERTS;
  const own = router.ownCapacity?.({ tokens: TOKENS, experts: EXPERTS, capacityFactor: 1 });
  const input = routerInput(own ?? Math.ceil(perExpert), Math.ceil(router.topK));
  const assignment = router.route(input);
  const { token, expert, slot, requested, weight } = assignment;
  if (!slot.some((one) => one >= 0)) throw new Error(`a fingerprint of ${name} would show nothing: nobody has a slot`);
  const gradient = {
    weight: Float32Array.from(reals(F32, 8, weight.length)),
    auxiliaryLoss: 0.01,
    logits: new Float32Array(TOKENS * EXPERTS),
    noiseLogits: new Float32Array(TOKENS * EXPERTS),
  };
  router.backward(input, assignment, gradient);
  const loss = router.auxiliaryLoss(input, assignment);
  return printOf(token, expert, slot, requested, weight, [loss], gradient.logits, gradient.noiseLogits);
}

/** Everything that a router may read. */
function routerInput(expertCapacity: number, choices: number): RouterInput {
  const size = TOKENS * EXPERTS;
  const logits = Float32Array.from(reals(F32, 1, size, 4));
  const probabilities = new Float32Array(size);
  softmax(F32, { rows: TOKENS, columns: EXPERTS }, logits, probabilities, new Float32Array(2 * TOKENS));
  const uniform = draws(2);
  const uniforms = Float64Array.from({ length: TOKENS * 64 }, () => (uniform() + 1) / 2);
  return {
    tokens: TOKENS,
    experts: EXPERTS,
    expertCapacity,
    draw: (token, index) => uniforms[token * 64 + (index % 64)],
    training: true,
    probabilities,
    logits,
    noiseLogits: Float32Array.from(reals(F32, 3, size, 2)),
    bias: Float32Array.from(reals(F32, 4, EXPERTS, 0.1)),
    tokenIds: wholes(5, TOKENS, 32_000),
    domains: wholes(6, TOKENS, EXPERTS),
    recorded: wholes(7, TOKENS * choices, EXPERTS),
  };
}

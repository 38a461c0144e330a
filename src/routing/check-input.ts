import { areFinite, InputError } from '../base/index.ts';
import type { Router, RouterInput, RouterRead } from './router.ts';

/**
 * Refuses input that a router cannot answer: sizes that do not fit, tensors that are missing, numbers that are not finite. The error names the
 * argument, the router, the bound and the value.
 */
export function checkInput(
  router: string,
  { reads, topK, rows, misfit }: Pick<Router, 'reads' | 'topK' | 'rows' | 'misfit'>,
  input: RouterInput,
): void {
  const { tokens, experts, expertCapacity } = input;
  const refuse: Refuse = (argument, value, rule) => refuseInput(router, argument, value, rule);
  if (!(Number.isInteger(tokens) && tokens > 0)) refuse('tokens', tokens, 'a whole number above 0');
  if (!(Number.isInteger(experts) && experts > 0)) refuse('experts', experts, 'a whole number above 0');
  if (!(Number.isInteger(expertCapacity) && expertCapacity > 0)) refuse('expertCapacity', expertCapacity, 'a whole number above 0');
  if (topK > experts) refuse('experts', experts, `at least ${topK}, the experts that a token chooses`);
  const unfit = misfit?.(experts) ?? null;
  if (unfit !== null) refuse('experts', experts, `such that the option ${unfit.option} fits: it ${unfit.rule}`);
  for (const name of reads) {
    const column = input[name];
    if (column === undefined) {
      refuse(name, 'missing', 'given, because this router reads it');
      continue;
    }
    const elements = elementsOf(name, input, rows(input));
    if (column.length !== elements.count) refuse(name, `${column.length} elements`, `${elements.count} elements, ${elements.shape}`);
  }
  if (reads.includes('probabilities') && input.probabilities) checkProbabilities(input.probabilities, experts, refuse);
  if (reads.includes('logits') && input.logits) checkFinite('logits', input.logits, experts, refuse);
  if (reads.includes('noiseLogits') && input.noiseLogits) checkFinite('noiseLogits', input.noiseLogits, experts, refuse);
  if (reads.includes('bias') && input.bias) checkFinite('bias', input.bias, experts, refuse);
  for (const name of ['tokenIds', 'domains'] as const) {
    const ids = input[name];
    if (reads.includes(name) && ids) checkNotNegative(name, ids, refuse);
  }
  if (reads.includes('recorded') && input.recorded) checkRecorded(input.recorded, tokens, experts, refuse);
}

type Refuse = (argument: string, value: string | number, rule: string) => void;

/** Ends routing with an error about an argument of the router with the title `router`. */
export function refuseInput(router: string, argument: string, value: string | number, rule: string): never {
  throw new InputError([
    {
      code: 'E_ROUTER_INPUT',
      path: argument,
      value: String(value),
      rule: `${router}: ${argument} must be ${rule}`,
      remedy: 'correct the tensor that is handed to the router',
    },
  ]);
}

function elementsOf(name: RouterRead, { tokens, experts }: RouterInput, rows: number): { count: number; shape: string } {
  switch (name) {
    case 'bias':
      return { count: experts, shape: '[experts]' };
    case 'tokenIds':
    case 'domains':
      return { count: tokens, shape: '[tokens]' };
    case 'recorded':
      return { count: rows, shape: '[tokens, k]' };
    default:
      return { count: tokens * experts, shape: '[tokens, experts]' };
  }
}

/** A logit that is NaN or +infinity makes its whole row NaN in the softmax, so one value per token tells. */
function checkProbabilities(probabilities: Float32Array, experts: number, refuse: Refuse): void {
  for (let at = 0; at < probabilities.length; at += experts) {
    if (!(probabilities[at] >= 0 && probabilities[at] <= 1)) {
      refuse('probabilities', `${probabilities[at]} at token ${at / experts}`, 'from 0 to 1; NaN comes from logits that are not finite');
    }
  }
}

function checkFinite(argument: string, values: Float32Array, experts: number, refuse: Refuse): void {
  if (areFinite(values)) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  refuse(argument, `${values[at]} at token ${Math.floor(at / experts)}, expert ${at % experts}`, 'finite');
}

function checkNotNegative(argument: string, ids: Int32Array, refuse: Refuse): void {
  const at = ids.findIndex((id) => id < 0);
  if (at >= 0) refuse(argument, `${ids[at]} at token ${at}`, 'at least 0');
}

function checkRecorded(recorded: Int32Array, tokens: number, experts: number, refuse: Refuse): void {
  const at = recorded.findIndex((expert) => expert < -1 || expert >= experts);
  if (at >= 0) {
    const token = Math.floor((at * tokens) / recorded.length);
    refuse('recorded', `expert ${recorded[at]} at token ${token}`, `below ${experts}, the number of experts, or -1 for no choice`);
  }
}

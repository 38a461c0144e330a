import type { LoadPlace, LoadSizes } from './named-load.ts';
import type { OptionMisfit } from './options.ts';

/** Two ways of spreading choices, and the sets of experts that named loads spread them over. */

/**
 * Gives every expert of `among` the same number of choices, up to rounding, in every group and over any run of groups, and the same number of first
 * choices, of second ones and so on. The k choices of token t are neighbours in the layer's order, those at t k .. t k + k - 1, modulo their number n. Where
 * k and n share a divisor g the same sets return after n / g tokens, so from one such round to the next a set's choices change ranks, until after g rounds every
 * expert has had each rank once.
 */
export function takeTurns(place: LoadPlace, among: readonly number[]): Int32Array {
  const { tokens, topK, group, order } = place;
  const members = new Set(among);
  const turns = order.filter((expert) => members.has(expert));
  const count = turns.length;
  const divisor = greatestDivisor(topK, count);
  const choices = new Int32Array(tokens * topK);
  for (let token = 0; token < tokens; token++) {
    const global = group * tokens + token;
    const shift = Math.floor((global * divisor) / count) % divisor;
    for (let rank = 0; rank < topK; rank++) choices[token * topK + rank] = turns[(global * topK + ((rank + shift) % topK)) % count];
  }
  return choices;
}

/**
 * Draws choices so that `share` of all of them fall on `hot`, evenly, and the rest on the other experts, evenly. A token has the whole part of
 * share * k hot choices and, with the probability of the fraction, one more; they come first, as the most probable experts do.
 */
export function drawShare(place: LoadPlace, hot: readonly number[], share: number): Int32Array {
  const { tokens, topK, experts, draw } = place;
  const { always, chance } = hotChoices(share, topK);
  const members = new Set(hot);
  const cold = expertRange(0, experts).filter((expert) => !members.has(expert));
  const choices = new Int32Array(tokens * topK);
  for (let token = 0; token < tokens; token++) {
    const hotOnes = always + (chance > 0 && draw(token, 0) < chance ? 1 : 0);
    const own = choices.subarray(token * topK, (token + 1) * topK);
    drawDifferent(own.subarray(0, hotOnes), hot, (choice) => draw(token, 1 + choice));
    drawDifferent(own.subarray(hotOnes), cold, (choice) => draw(token, 1 + hotOnes + choice));
  }
  return choices;
}

/** Experts `first` .. `end` - 1. */
export function expertRange(first: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
}

/** Experts that device `device` holds: those with floor(expert * devices / E) = device. */
export function expertsOn(device: number, { experts, devices }: LoadSizes): number[] {
  return expertRange(Math.ceil((device * experts) / devices), Math.ceil(((device + 1) * experts) / devices));
}

/** Why `share` of the choices cannot fall on `hot` experts while the rest falls on the others. */
export function shareMisfit({ experts, topK, devices }: LoadSizes, hot: number, share: number): OptionMisfit | null {
  const { always, chance } = hotChoices(share, topK);
  const most = chance > 0 ? always + 1 : always;
  if (most > hot) {
    const bound = Math.floor((1000 * hot) / topK) / 1000;
    const rule = `a token chooses an expert once, so ${counted(hot, 'expert')} can take at most ${hot}/${topK} of the choices`;
    return { option: 'share', rule, remedy: `use at most ${bound}` };
  }
  if (topK - always <= experts - hot) return null;
  if (hot === experts && devices === 1) {
    const rule = 'every device, or the only one, holds all experts, so none is left for the rest of the choices';
    return {
      option: 'share',
      rule,
      remedy: 'spread the experts over several devices (layout.expertsOver), or make one expert hot (hot-expert)',
    };
  }
  const left = topK - always;
  const rule = `${counted(left, 'choice')} of a token ${left === 1 ? 'is' : 'are'} left for ${counted(experts - hot, 'other expert')}`;
  return { option: 'share', rule, remedy: 'raise share, or use more experts' };
}

/** Why number `index` of `count` things does not exist. */
export function indexMisfit(option: string, index: number, count: number, things: string): OptionMisfit | null {
  if (index < count) return null;
  return { option, rule: `must be below ${count}, the ${things}`, remedy: `use 0 to ${count - 1}` };
}

function hotChoices(share: number, topK: number): { readonly always: number; readonly chance: number } {
  // A product such as 0.1 * 30 misses a whole number by rounding alone.
  const mean = Math.round(share * topK * 1e9) / 1e9;
  const always = Math.floor(mean);
  return { always, chance: mean - always };
}

/** Of both numbers (Euclid). */
function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Fills `chosen` with different members of `among`, all sets equally likely. */
function drawDifferent(chosen: Int32Array, among: readonly number[], draw: (choice: number) => number): void {
  const taken: number[] = [];
  for (let choice = 0; choice < chosen.length; choice++) {
    // A number among those that are left, in increasing order; it moves up by one for every taken one that it reaches.
    let at = Math.floor(draw(choice) * (among.length - choice));
    for (const other of taken) if (at >= other) at++;
    taken.push(at);
    taken.sort((a, b) => a - b);
    chosen[choice] = among[at];
  }
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

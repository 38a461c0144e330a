import { exp, log } from '../../base/index.ts';
import { drawShare } from '../choice-laws.ts';
import { defineNamedLoad } from '../named-load.ts';
import { number, word } from '../options.ts';

/** Batches of different fill: groups are padded, and padding goes to no expert. */
export const sourceRagged = defineNamedLoad({
  title: 'devices send different numbers of tokens: padded groups',
  law: 'A group of device d begins with round(S f(d)) tokens, at least one, whose choices are uniform; the rest is padding, which chooses nothing and counts neither as processed nor as dropped. f falls from 1 on the first device to least on the last.',
  options: {
    least: number(0.1, 0.01, 1, 'share of real tokens on the last device'),
    fall: word(['linear', 'factor'], 'linear', 'whether f falls by the same difference or by the same factor from device to device'),
  },
  misfit: ({ sources }, { least }) =>
    sources > 1 || least === 1
      ? null
      : {
          option: 'least',
          rule: 'all tokens lie on one device, the first, which sends all that it has',
          remedy: 'use several devices, or load: {kind: uniform}, which is the same here',
        },
  choose: (place, { least, fall }) => {
    const choices = drawShare(place, [], 0);
    return choices.fill(-1, realTokens(place.tokens, filledShare(place.source, place.sources, least, fall)) * place.topK);
  },
});

function filledShare(source: number, sources: number, least: number, fall: 'linear' | 'factor'): number {
  const way = sources === 1 ? 0 : source / (sources - 1);
  return fall === 'linear' ? 1 - way * (1 - least) : exp(way * log(least));
}

function realTokens(tokens: number, share: number): number {
  return Math.max(1, Math.round(tokens * share));
}

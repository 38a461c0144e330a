import { NAMED_LOADS } from '../routing/index.ts';
import { CLUSTERING_STRENGTHS, type LoadSpec, type NamedLoadSpec } from '../scenario/index.ts';
import type { Entry } from './catalogue.ts';
import { optionText } from './option-text.ts';

type OtherKind = Exclude<LoadSpec, NamedLoadSpec>['kind'];

/** Loads that are no named laws: computed, drawn or recorded. */
const OTHERS: Readonly<Record<OtherKind, Omit<Entry, 'name'>>> = {
  measured: {
    title: 'the real router on synthetic tokens',
    facts: [
      ['scenario key', 'load: {kind: measured, clustering: default}'],
      [
        'option clustering',
        `${Object.keys(CLUSTERING_STRENGTHS).join(' | ')} or 0 to 0.99 (default default): share of its variance that a token has in common with its cluster`,
      ],
      ['law', 'Logits of every token are computed by an untrained router; the page shows several strengths of clustering side by side.'],
    ],
  },
  uniform: {
    title: 'every token draws its experts uniformly',
    facts: [
      ['scenario key', 'load: {kind: uniform}'],
      [
        'law',
        'Choices per expert and group scatter around S k / E as the binomial law says, so that tokens are dropped even so; `balanced` gives exactly that number.',
      ],
    ],
  },
  zipf: {
    title: 'every token draws its experts by their popularity',
    facts: [
      ['scenario key', 'load: {kind: zipf, exponent: 1}'],
      ['option exponent', '0 to 10 (default 1): probability is proportional to 1 / rank^exponent'],
      ['law', 'Each layer has its own order of popularity; further choices of a token are drawn from the experts that are left.'],
    ],
  },
  trace: {
    title: 'choices recorded from a model of your own',
    facts: [
      ['scenario key', 'load: {kind: trace, file: choices.npy}'],
      ['option file', 'counted from the folder of the scenario, or from the working directory in --load trace:FILE'],
      ['CSV', 'header layer,token,expert; one row per choice, first choices of a token before its second ones'],
      ['NPY', 'whole numbers in C order, [layers, tokens] or [layers, tokens, k]; -1 where a token made no such choice'],
      ['Parquet', 'whole-numbered columns layer, token, expert; one row per choice, as CSV'],
      [
        'law',
        'Layer counts Switch layers from 0, encoder first; token counts tokens of its stack. A group counts when all its tokens are recorded.',
      ],
    ],
  },
};

export function loadEntries(): Entry[] {
  const others = Object.entries(OTHERS).map(([name, entry]) => ({ name, ...entry }));
  const named = Object.entries(NAMED_LOADS).map(
    ([name, { title, law, options }]): Entry => ({
      name,
      title,
      facts: [
        ['scenario key', `load: {kind: ${name}}, or --load ${name}`],
        ...Object.entries(options).map(([option, spec]): [string, string] => [`option ${option}`, optionText(spec)]),
        ['law', law],
        ['letters', 'S tokens of a group, E experts, k choices per token'],
      ],
    }),
  );
  return [...others, ...named];
}

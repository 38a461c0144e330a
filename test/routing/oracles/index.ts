import { base } from './base.ts';
import { denseToSparse } from './dense-to-sparse.ts';
import { expertChoice } from './expert-choice.ts';
import { domain, random, thor, trace } from './fixed-choices.ts';
import { gshardTop2 } from './gshard-top2.ts';
import { hash } from './hash.ts';
import { lossFree } from './loss-free.ts';
import { mtfTop2 } from './mtf-top2.ts';
import { noTokenLeftBehind } from './no-token-left-behind.ts';
import { noisyTopk } from './noisy-topk.ts';
import type { Oracle } from './oracle.ts';
import { sBase } from './s-base.ts';
import { switchTop1 } from './switch-top1.ts';
import { task } from './task.ts';
import { batchPrioritised, multiGate, topk } from './top-k.ts';

/** Dense oracles, by router. */
export const ORACLES: Readonly<Record<string, Oracle>> = {
  'switch-top1': switchTop1,
  'gshard-top2': gshardTop2,
  'mtf-top2': mtfTop2,
  topk,
  'batch-prioritised': batchPrioritised,
  'no-token-left-behind': noTokenLeftBehind,
  'expert-choice': expertChoice,
  hash,
  random,
  thor,
  task,
  domain,
  'multi-gate': multiGate,
  'noisy-topk': noisyTopk,
  base,
  's-base': sBase,
  'loss-free': lossFree,
  'dense-to-sparse': denseToSparse,
  trace,
};

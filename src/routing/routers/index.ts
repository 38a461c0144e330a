import type { Registry } from '../../base/index.ts';
import type { RouterEntry } from '../router.ts';
import { base } from './base.ts';
import { batchPrioritised } from './batch-prioritised.ts';
import { denseToSparse } from './dense-to-sparse.ts';
import { domain } from './domain.ts';
import { expertChoice } from './expert-choice.ts';
import { gshardTop2 } from './gshard-top2.ts';
import { hash } from './hash.ts';
import { lossFree } from './loss-free.ts';
import { mtfTop2 } from './mtf-top2.ts';
import { multiGate } from './multi-gate.ts';
import { noTokenLeftBehind } from './no-token-left-behind.ts';
import { noisyTopk } from './noisy-topk.ts';
import { random } from './random.ts';
import { sBase } from './s-base.ts';
import { switchTop1 } from './switch-top1.ts';
import { task } from './task.ts';
import { thor } from './thor.ts';
import { topk } from './topk.ts';
import { trace } from './trace.ts';

/** Routers by the name of their file: the values of a scenario's `routing.router`. */
export const ROUTERS: Registry<RouterEntry> = {
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

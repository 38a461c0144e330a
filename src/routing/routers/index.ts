import type { Registry } from '../../base/index.ts';
import type { RouterEntry } from '../router.ts';
import { gshardTop2 } from './gshard-top2.ts';
import { mtfTop2 } from './mtf-top2.ts';
import { switchTop1 } from './switch-top1.ts';

/** Routers by the name of their file: the values of a scenario's `routing.router`. */
export const ROUTERS: Registry<RouterEntry> = {
  'switch-top1': switchTop1,
  'gshard-top2': gshardTop2,
  'mtf-top2': mtfTop2,
};

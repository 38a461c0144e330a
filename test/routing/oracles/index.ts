import { gshardTop2 } from './gshard-top2.ts';
import { mtfTop2 } from './mtf-top2.ts';
import type { Oracle } from './oracle.ts';
import { switchTop1 } from './switch-top1.ts';

/** Dense oracles, by router. */
export const ORACLES: Readonly<Record<string, Oracle>> = {
  'switch-top1': switchTop1,
  'gshard-top2': gshardTop2,
  'mtf-top2': mtfTop2,
};

import { assert } from '../base/index.ts';
import type { RouterInput, RouterRead } from './router.ts';

/** A tensor that the router says it reads; its presence has been checked. */
export function required<Name extends RouterRead>(input: RouterInput, name: Name): NonNullable<RouterInput[Name]> {
  const column = input[name];
  assert(column !== undefined, `${name} was not given to a router that reads it`);
  return column;
}

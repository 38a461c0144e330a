import type { Router } from './router.ts';

/** Whether experts choose tokens, a row for every slot, instead of tokens choosing experts. */
export function expertsChoose({ rows }: Pick<Router, 'rows'>): boolean {
  const sizes = { tokens: 8, experts: 4 };
  return rows({ ...sizes, expertCapacity: 2 }) !== rows({ ...sizes, expertCapacity: 1 });
}

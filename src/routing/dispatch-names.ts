/** Ways of bringing tokens to their experts; only with slots (all but `dropless`) does an expert have a capacity. */
export const DISPATCH_NAMES = ['einsum', 'scatter', 'dropless'] as const;
export type DispatchName = (typeof DISPATCH_NAMES)[number];

import { createRouter, type OptionValues, ROUTERS, type Router, resolveOptions } from '../../src/routing/index.ts';

export interface RouterVariant {
  readonly name: string;
  readonly key: string;
  readonly options: OptionValues;
  readonly router: Router;
}

/** Every router with its defaults, and again with every other word and switch of its options, one at a time. */
export const ROUTER_VARIANTS: readonly RouterVariant[] = Object.entries(ROUTERS).flatMap(([key, { options }]) => {
  const changes: OptionValues[] = Object.entries(options).flatMap(([option, spec]): OptionValues[] => {
    if (spec.kind === 'word') return spec.words.filter((word) => word !== spec.default).map((word) => ({ [option]: word }));
    return spec.kind === 'switch' ? [{ [option]: !spec.default }] : [];
  });
  return [{}, ...changes].map((given: OptionValues) => ({
    name: [key, ...Object.entries(given).map(([option, value]) => `${option}=${value}`)].join(' '),
    key,
    options: resolveOptions(options, given, key),
    router: createRouter(key, given),
  }));
});

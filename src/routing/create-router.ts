import { lookUp } from '../base/index.ts';
import { type OptionValues, optionIssues, resolveOptions } from './options.ts';
import type { Router } from './router.ts';
import { ROUTERS } from './routers/index.ts';

/** The router that a scenario's `routing` names, or null when its name or options are wrong; rules say what is. */
export function routerOrNull({ router, options }: { readonly router: string; readonly options: OptionValues }): Router | null {
  if (!Object.hasOwn(ROUTERS, router)) return null;
  return optionIssues(ROUTERS[router].options, options, router, '').length > 0 ? null : createRouter(router, options);
}

/** The router of that name with these options, the rest at their defaults. Throws an InputError for what it does not know. */
export function createRouter(name: string, options: OptionValues = {}): Router {
  const entry = lookUp(ROUTERS, name, 'E_ROUTER_UNKNOWN', 'routing.router');
  return entry.create(resolveOptions(entry.options, options, name));
}

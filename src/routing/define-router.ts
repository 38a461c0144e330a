import { type Assignment, createAssignment } from './assignment.ts';
import { checkInput } from './check-input.ts';
import type { OptionSpecs, OptionValues, ValuesOf } from './options.ts';
import type { Router, RouterEntry, RouterGradient, RouterInput } from './router.ts';

/** A router as its file writes it: sizes and values are checked and memory is made before its functions are called. */
export interface RouterRules extends Omit<Router, 'route'> {
  readonly route: (input: RouterInput, into: Assignment) => void;
}

export interface RouterDefinition<Specs extends OptionSpecs> {
  readonly title: string;
  readonly source: string;
  readonly options: Specs;
  readonly create: (options: ValuesOf<Specs>) => RouterRules;
}

/** Turns a definition into an entry of the registry. */
export function defineRouter<const Specs extends OptionSpecs>(definition: RouterDefinition<Specs>): RouterEntry {
  const { title, source, options } = definition;
  return {
    title,
    source,
    options,
    create: (values: OptionValues): Router => {
      const rules = definition.create(values as ValuesOf<Specs>);
      return {
        ...rules,
        route: (input, into = createAssignment(input.tokens, rules.rows(input))) => {
          checkInput(title, rules, input);
          rules.route(input, into);
          return into;
        },
        backward: (input: RouterInput, assignment: Assignment, gradient: RouterGradient): void => {
          checkInput(title, rules, input);
          rules.backward(input, assignment, gradient);
        },
      };
    },
  };
}

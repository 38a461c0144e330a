import { InputError, type Issue, nearest } from '../base/index.ts';

/** A router's option: its default says of what kind it is, and the rest what else it may be. */
export type OptionSpec = WordOption | NumberOption | SwitchOption;

interface WordOption<Word extends string = string> {
  readonly kind: 'word';
  readonly default: Word;
  readonly words: readonly Word[];
  readonly meaning: string;
}

interface NumberOption {
  readonly kind: 'number';
  readonly default: number;
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
  readonly meaning: string;
}

interface SwitchOption {
  readonly kind: 'switch';
  readonly default: boolean;
  readonly meaning: string;
}

/** An option that asks for what the sizes do not give. */
export interface OptionMisfit {
  readonly option: string;
  readonly rule: string;
  readonly remedy: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
export type OptionValue = string | number | boolean;
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** Values of all options of `Specs`, each of its own type. */
export type ValuesOf<Specs extends OptionSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends WordOption<infer Word> ? Word : Specs[Name] extends NumberOption ? number : boolean;
};

export function word<const Word extends string>(words: readonly Word[], fallback: NoInfer<Word>, meaning: string): WordOption<Word> {
  return { kind: 'word', default: fallback, words, meaning };
}

export function wholeNumber(fallback: number, min: number, max: number, meaning: string): NumberOption {
  return { kind: 'number', default: fallback, whole: true, min, max, meaning };
}

export function number(fallback: number, min: number, max: number, meaning: string): NumberOption {
  return { kind: 'number', default: fallback, whole: false, min, max, meaning };
}

export function onOff(fallback: boolean, meaning: string): SwitchOption {
  return { kind: 'switch', default: fallback, meaning };
}

/** What is wrong with options as a user wrote them; `path` is the key that holds them. */
export function optionIssues(specs: OptionSpecs, given: OptionValues, router: string, path: string): Issue[] {
  return Object.entries(given).flatMap(([name, value]): Issue[] => {
    const at = { code: 'E_ROUTER_OPTION', path: `${path}.${name}`, value: JSON.stringify(value) };
    if (!Object.hasOwn(specs, name)) return [{ ...at, ...unknownOption(name, Object.keys(specs), router) }];
    const rule = brokenRule(specs[name], value);
    return rule === null ? [] : [{ ...at, rule, remedy: `leave it out for ${JSON.stringify(specs[name].default)}` }];
  });
}

/** All options with defaults filled in; throws an InputError that names everything that is wrong. */
export function resolveOptions(specs: OptionSpecs, given: OptionValues, router: string): OptionValues {
  const issues = optionIssues(specs, given, router, 'routing.options');
  if (issues.length > 0) throw new InputError(issues);
  return { ...Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, spec.default])), ...given };
}

function unknownOption(name: string, known: readonly string[], router: string): Pick<Issue, 'rule' | 'remedy'> {
  if (known.length === 0) return { rule: `${router} has no options`, remedy: 'remove it' };
  const near = nearest(name, known);
  return {
    rule: `${router} has the options ${known.join(', ')}`,
    remedy: near === undefined ? 'use one of them, or remove it' : `did you mean ${near}?`,
  };
}

function brokenRule(spec: OptionSpec, value: OptionValue): string | null {
  switch (spec.kind) {
    case 'word':
      return typeof value === 'string' && spec.words.includes(value) ? null : `must be one of ${spec.words.join(', ')}`;
    case 'switch':
      return typeof value === 'boolean' ? null : 'must be true or false';
    case 'number': {
      const fits = typeof value === 'number' && value >= spec.min && value <= spec.max && (!spec.whole || Number.isInteger(value));
      return fits ? null : `must be a ${spec.whole ? 'whole ' : ''}number from ${spec.min} to ${spec.max}`;
    }
  }
}

import { InputError } from '../base/index.ts';

/** What is said when an emulation asks for more memory than there is: `value` is how much, `rule` the limit that it met, `first` the remedy to begin with. */
export function memoryError(value: string, rule: string, first = ''): InputError {
  return new InputError([
    {
      code: 'E_EMULATE_MEMORY',
      path: 'emulate',
      value,
      rule,
      remedy: `${first}lower emulate.verifyShare, emulate.tokens or routing.groupTokens, or use fewer threads`,
    },
  ]);
}

/** `1234 MiB`, rounded up. */
export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

import type { Chain, UnitPass } from './step-schedule.ts';
import { ENCODER_OUTPUT, gradientOf, isShared } from './unit.ts';

/** Key of a tensor's live range: of one microbatch and stage, and where a unit gives it to the next one, the same for both. */
export function tensorKey({ chain, unit, microbatch }: UnitPass, stage: number, name: string): string {
  const prefix = `${chain.name} ${stage} ${microbatch}`;
  const { input, output } = chain.units[unit];
  if (isShared(name)) return `${prefix} ${name}`;
  if (input !== null && name === input) return `${prefix} input ${unit}`;
  if (input !== null && name === gradientOf(input)) return `${prefix} gradient of input ${unit}`;
  if (output === null || (name !== output && name !== gradientOf(output))) return `${prefix} ${unit} ${name}`;
  if (endsEncoder(chain, unit)) return `${prefix} ${name === output ? ENCODER_OUTPUT : gradientOf(ENCODER_OUTPUT)}`;
  return `${prefix} ${name === output ? '' : 'gradient of '}input ${unit + 1}`;
}

/** The decoder begins with the embedding of its own tokens; what the unit before it makes is the encoder's output. */
export function endsEncoder({ units }: Chain, unit: number): boolean {
  return units[unit + 1]?.readsEncoder === true && !units[unit].readsEncoder;
}

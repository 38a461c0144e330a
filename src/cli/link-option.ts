import type { Issue } from '../base/index.ts';
import { chipAt } from '../hardware/index.ts';

type Pair = readonly [number, number];

export type LinkOption = { readonly between: Pair; readonly factor: number; readonly issue?: undefined } | { readonly issue: Issue };

const CHIP = String.raw`\d+(?:,\d+)*`;
const BROKEN = new RegExp(`^(${CHIP})-(${CHIP})$`);
const SLOW = new RegExp(`^(${CHIP})-(${CHIP}):(\\d+(?:\\.\\d+)?)$`);

/** `0-1`, or by coordinates `0,0,0-1,0,0`. */
export function parseBrokenLink(text: string, shape: readonly number[]): LinkOption {
  return parse(text, shape, { form: BROKEN, path: '--break-link', said: 'two neighbouring chips', example: '0-1' });
}

/** `0-1:2`: half the bandwidth. */
export function parseSlowLink(text: string, shape: readonly number[]): LinkOption {
  return parse(text, shape, {
    form: SLOW,
    path: '--slow-link',
    said: 'two neighbouring chips and how many times slower',
    example: '0-1:2',
  });
}

interface LinkForm {
  readonly form: RegExp;
  readonly path: string;
  readonly said: string;
  readonly example: string;
}

function parse(text: string, shape: readonly number[], { form, path, said, example }: LinkForm): LinkOption {
  const wrong = (rule: string, remedy: string): LinkOption => ({
    issue: { code: 'E_LINK', path, value: JSON.stringify(text), rule, remedy },
  });
  const [, first, second, factor = '1'] = form.exec(text.trim()) ?? [];
  if (first === undefined || second === undefined) {
    return wrong(`must be ${said}; chips by number or by coordinates`, `write ${example}, for example`);
  }
  const ends = [first, second].map((end) => chipOf(end.split(',').map(Number), shape));
  const [a, b] = ends;
  if (a === null || b === null) {
    return wrong(
      `a chip of ${shape.join('x')} has ${shape.length} coordinates below these sides`,
      'name chips of the first slice, or use their numbers',
    );
  }
  return { between: [a, b], factor: Number(factor) };
}

/** One number is the chip's own, several are its coordinates. */
function chipOf(numbers: readonly number[], shape: readonly number[]): number | null {
  if (numbers.length === 1) return numbers[0];
  return numbers.length === shape.length && numbers.every((at, axis) => at < shape[axis]) ? chipAt(shape, numbers) : null;
}

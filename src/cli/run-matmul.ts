import { EXIT, type ExitCode, InputError } from '../base/index.ts';
import {
  type Chip,
  type Citation,
  coreOf,
  type Dataflow,
  type Matmul,
  type MatmulCost,
  type MatmulDtype,
  matmulCost,
  matmulPeak,
  type ProductCurve,
} from '../hardware/index.ts';
import { findChip } from '../intake/index.ts';
import { allChips } from './all-chips.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { matmulText } from './matmul-text.ts';

export interface MatmulOptions extends Matmul {
  readonly chip: string;
  readonly dtype: MatmulDtype;
  readonly dataflow: Dataflow;
}

/** What was asked for, the cost, and the curve that it rests on. */
export interface MatmulAnswer extends MatmulCost {
  readonly chip: string;
  readonly product: Matmul;
  readonly dtype: MatmulDtype;
  readonly dataflow: Dataflow;
  /** The curve that the time rests on, and where its share of the peak comes from. */
  readonly curve: ProductCurve & { readonly streamShare: number };
  readonly share: Citation;
  /** The same product with fewer or more rows. */
  readonly overRows: readonly { readonly m: number; readonly seconds: number; readonly mxuUtilisation: number; readonly boundBy: string }[];
}

const ROWS = [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

/** Prices one product; answers on stdout, for people or as JSON. */
export async function runMatmul({ io }: CommandContext, { json }: CommonOptions, options: MatmulOptions): Promise<ExitCode> {
  const answer = matmulAnswer(options);
  io.out(json ? `${JSON.stringify(answer, null, 2)}\n` : matmulText(answer));
  return EXIT.done;
}

function matmulAnswer({ chip: name, m, k, n, batch, dtype, dataflow }: MatmulOptions): MatmulAnswer {
  const found = findChip(name, '--chip');
  if ('issue' in found) throw new InputError([found.issue]);
  const { chip } = found;
  const peak = matmulPeak(chip, dtype);
  if (peak === null) throw noRate(chip, dtype);
  const product = { m, k, n, batch };
  const core = coreOf(chip);
  return {
    ...matmulCost(chip, product, dtype, dataflow, peak),
    chip: chip.name,
    product,
    dtype,
    dataflow,
    curve: { ...core.product, streamShare: core.copy.peakShare },
    share: chip.citations['efficiency.productPeakShare'],
    overRows: ROWS.map((rows) => {
      const { seconds, mxuUtilisation, boundBy } = matmulCost(chip, { ...product, m: rows }, dtype, dataflow, peak);
      return { m: rows, seconds, mxuUtilisation, boundBy };
    }),
  };
}

function noRate(chip: Chip, dtype: MatmulDtype): InputError {
  const others = Object.values(allChips()).filter((one) => matmulPeak(one, dtype) !== null);
  const rule = `${chip.name} must publish a rate for ${dtype}`;
  const remedy = `take bf16, or one of ${others.map(({ name }) => name).join(', ')}`;
  return new InputError([{ code: 'E_DTYPE_RATE', path: '--dtype', value: JSON.stringify(dtype), rule, remedy }]);
}

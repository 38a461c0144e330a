import type { KernelCheck } from './check.ts';
import { gemmChecks } from './gemm.ts';
import { moveChecks } from './moves.ts';
import { optimizerChecks } from './optimizers.ts';
import { rowChecks } from './rows.ts';

/** Every kernel of the table, on every dtype and in every layout that it has; a new kernel needs one here. */
export const KERNEL_CHECKS: readonly KernelCheck[] = [...gemmChecks, ...rowChecks, ...moveChecks, ...optimizerChecks];

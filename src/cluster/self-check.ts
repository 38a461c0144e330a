import type { Bytes } from '../base/index.ts';
import { createNaiveTable, GEMM_SCRATCH_ELEMENTS, type KernelMemory, type KernelTable } from '../kernels/index.ts';
import { bitsOf, type KernelCheck, openPlace } from './checks/check.ts';
import { KERNEL_CHECKS } from './checks/index.ts';

/** Memory for the working space of any path, and for the operands of a check, which are small. */
export const SELF_CHECK_BYTES: Bytes = 4 * GEMM_SCRATCH_ELEMENTS + (2 << 20);

/** The bits that a check leaves on a table whose memory has SELF_CHECK_BYTES bytes or more. */
export function checkBits(table: KernelTable, check: KernelCheck): Uint32Array {
  const place = openPlace(table.memory.buffer, 0);
  return bitsOf(table.memory.buffer, check.run(table, place));
}

/** Compares tables with the naive kernels, bit by bit. */
export interface SelfCheck {
  /** The first kernel whose bits differ, or that throws, in words; null when all agree. What the memory of the table held is lost. */
  readonly findFault: (table: KernelTable) => string | null;
}

export function openSelfCheck(checks: readonly KernelCheck[] = KERNEL_CHECKS): SelfCheck {
  // Computed for the first table, and kept for the others.
  const outcomes = new Map<string, Uint32Array>();
  const wanted = (check: KernelCheck, memory: KernelMemory): Uint32Array => {
    const name = check.outcome ?? check.name;
    const bits = outcomes.get(name) ?? checkBits(createNaiveTable(memory), check);
    outcomes.set(name, bits);
    return bits;
  };
  return {
    findFault(table) {
      for (const check of checks) {
        const bits = wanted(check, table.memory);
        try {
          if (!equalBits(checkBits(table, check), bits)) return `${check.name} differs from the oracle`;
        } catch (error) {
          return `${check.name}: ${error instanceof Error ? error.message : String(error)}`;
        }
      }
      return null;
    },
  };
}

function equalBits(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}

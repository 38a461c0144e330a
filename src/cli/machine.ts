import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { kernelFlags } from '../cluster/index.ts';

/** What the numbers of a benchmark depend on beside the code. */
export interface Machine {
  readonly processor: string;
  /** Those that this process may use. */
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly platform: string;
  readonly node: string;
  readonly v8: string;
  /** Of Node and V8: those that the process was started with, and those that kernels set for themselves. */
  readonly flags: readonly string[];
  /** Vector instructions that the processor says it has; empty where the system does not tell. */
  readonly instructions: readonly string[];
  /** The kernels that a run uses here; null where none were asked for. */
  readonly kernelPath: string | null;
}

export function machineOf(kernelPath: string | null): Machine {
  const [first] = cpus();
  return {
    processor: first?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    flags: [...process.execArgv, ...(process.env.NODE_OPTIONS?.split(/\s+/) ?? []), ...kernelFlags()].filter((flag) => flag !== ''),
    instructions: vectorInstructions(),
    kernelPath,
  };
}

export function machineLines({ processor, cores, memory, platform, node, v8, flags, kernelPath }: Machine): string[] {
  return [
    `${processor}, ${cores} cores, ${(memory / 2 ** 30).toFixed(1)} GiB`,
    `${platform}, Node ${node}, V8 ${v8}${flags.length > 0 ? `, ${flags.join(' ')}` : ''}`,
    ...(kernelPath === null ? [] : [`kernels ${kernelPath}`]),
  ];
}

const VECTOR_INSTRUCTIONS = ['sse4_1', 'avx', 'fma', 'avx2', 'avx512f', 'avx512_bf16', 'asimd', 'bf16'];

function vectorInstructions(): string[] {
  try {
    const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1].split(/\s+/) ?? [];
    return VECTOR_INSTRUCTIONS.filter((name) => flags.includes(name));
  } catch {
    return [];
  }
}

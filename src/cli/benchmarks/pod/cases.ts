import { planPod } from '../../../emulate/index.ts';
import { parseScenario } from '../../../intake/index.ts';
import type { KernelTable } from '../../../kernels/index.ts';
import { podRequestOf } from '../../../study/index.ts';

/** A pod of so many cores, all of which learn the same model together. */
export interface PodCase {
  readonly cores: number;
  readonly topology: string;
  readonly layout: string;
  /** Of 128 words, of a step. */
  readonly sequences: number;
}

/** Four layers, two of them with sixteen experts; 8,192 words of a step. */
export const POD_CASES: readonly PodCase[] = [
  { cores: 1, topology: '{chip: tpu-v4, shape: [1, 1, 1]}', layout: '{ici: {data: 1}, expertsOver: none}', sequences: 64 },
  { cores: 32, topology: '{chip: tpu-v3, shape: [4, 4]}', layout: '{ici: {data: 2, expert: 16}, expertsOver: expert}', sequences: 64 },
  { cores: 64, topology: '{chip: tpu-v3, shape: [4, 8]}', layout: '{ici: {data: 4, expert: 16}, expertsOver: expert}', sequences: 64 },
];

const LEARNING = { learningRate: 1e-3, warmupSteps: 0, decay: 'none', steps: 1, auxiliaryCoefficient: 1e-2, zCoefficient: 1e-3 } as const;
/** Bytes of a text that nobody wrote. */
const TEXT_BYTES = 1 << 16;

export function planCase({ topology, layout, sequences }: PodCase, lanes: number, table: KernelTable) {
  const lines = [
    `topology: ${topology}`,
    'model:',
    '  {name: pod, family: decoder, decoderLayers: 4, dModel: 128, dFf: 256, heads: 4, headDim: 32, vocab: 256, ffnMatrices: 2, activation: relu,',
    '   tiedEmbeddings: true, positions: {kind: learned, count: 128}, experts: 16, layersEvery: 2}',
    `layout: ${layout}`,
    'routing: {router: switch-top1, capacityFactor: 1.25, groupTokens: 128}',
    `workload: {sequences: ${sequences}, sequenceLength: 128, optimizer: adamw, remat: none}`,
    'precision: {matmul: f32}',
    'load: {kind: balanced}',
  ];
  const { scenario, chip } = parseScenario('pod.yaml', lines.join('\n'), { ignoreMemory: true });
  return planPod(podRequestOf(scenario, chip, LEARNING), [{ bytes: TEXT_BYTES, heldOutBytes: 0 }], lanes, table);
}

/** Words in an order that a model can learn some of. */
export const TEXT = Uint8Array.from({ length: TEXT_BYTES }, (_, i) => (i * i + (i >> 5)) & 255);

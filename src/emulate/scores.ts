import { type KernelTable, roundInPlaceToBf16 } from '../kernels/index.ts';
import { f32Elements, type TensorView } from '../model/index.ts';
import type { EmulationJob, LayerChunk, ThreadScratch } from './job.ts';

/** Scores of the group whose tokens are in scratch. */
export interface RouterScores {
  /** [S, layers * E] logits of all layers of a chunk, in scratch until the next call. */
  readonly logits: (chunk: LayerChunk) => TensorView;
  /** Softmax of one layer of those logits, to `probabilities` and `statistics` in scratch. */
  readonly probabilities: (logits: TensorView, layer: number) => void;
}

/**
 * Selective precision has f32 weights, logits and probabilities (Fedus et al. 2021, arXiv 2101.03961, section 2.4). In bf16 all three are rounded, though
 * products are summed in f32 and the softmax works in it, as a TPU does: different logits become equal, and ties go to the lower expert.
 */
export function openScores(
  { request }: Pick<EmulationJob, 'request'>,
  buffer: ArrayBufferLike,
  kernels: KernelTable,
  views: ThreadScratch,
): RouterScores {
  const { experts, routerDtype } = request;
  const rows = views.tokens.shape[0];
  const round = (view: TensorView): void => {
    if (routerDtype === 'bf16') roundInPlaceToBf16(f32Elements(buffer, view));
  };
  return {
    logits: (chunk) => {
      const logits: TensorView = { ...views.logits, shape: [rows, chunk.layers * experts] };
      kernels.matmul(views.tokens, chunk.packed, logits, views.matmul);
      round(logits);
      return logits;
    },
    probabilities: (logits, layer) => {
      kernels.softmax(logits, layer * experts, views.probabilities, views.statistics);
      round(views.probabilities);
    },
  };
}

import { areFinite, InputError } from '../base/index.ts';
import { bf16Value } from '../kernels/index.ts';
import { bf16Elements, f32Elements } from '../model/index.ts';
import type { EmulationJob, LayerChunk, ThreadScratch } from './job.ts';
import { deviceOfGroup } from './shards.ts';

/**
 * Refuses the logits of one group and chunk of layers when any of them is NaN or infinite, so that none is silently routed: a softmax makes NaN of them, every
 * comparison with NaN is false, and all such tokens would go to the first expert. The error names layer, device and the first such token.
 */
export function checkLogits(
  job: EmulationJob,
  buffer: ArrayBufferLike,
  stack: number,
  chunk: LayerChunk,
  views: ThreadScratch,
  groupRow: number,
): void {
  const { experts, dModel } = job.request;
  const rows = job.stacks[stack].tokens.groupTokens;
  const width = chunk.layers * experts;
  const logits = f32Elements(buffer, views.logits).subarray(0, rows * width);
  if (areFinite(logits)) return;
  for (let layer = 0; layer < chunk.layers; layer++) {
    for (let row = 0; row < rows; row++) {
      const at = row * width + layer * experts;
      const expert = logits.subarray(at, at + experts).findIndex((logit) => !Number.isFinite(logit));
      if (expert < 0) continue;
      const token = bf16Elements(buffer, views.tokens).subarray(row * dModel, (row + 1) * dModel);
      const column = weightColumn(buffer, chunk, layer * experts + expert);
      throw notFinite(job, stack, chunk.firstRow + layer, groupRow, row, causeOf(token, column, expert, logits[at + expert]));
    }
  }
}

function weightColumn(buffer: ArrayBufferLike, { weights }: LayerChunk, column: number): Float32Array {
  const [dModel, width] = weights.shape;
  const all = f32Elements(buffer, weights);
  return Float32Array.from({ length: dModel }, (_, k) => all[k * width + column]);
}

/** What came first: the token's activation, the router's weight, or only their sum. */
function causeOf(token: Uint16Array, weights: Float32Array, expert: number, logit: number): string {
  const activation = token.findIndex((bits) => !Number.isFinite(bf16Value(bits)));
  if (activation >= 0) return `activation ${activation} is ${bf16Value(token[activation])}`;
  const weight = weights.findIndex((value) => !Number.isFinite(value));
  if (weight >= 0) return `router weight [${weight}, ${expert}] is ${weights[weight]}`;
  return `the logit of expert ${expert} is ${logit}, a sum of finite products`;
}

function notFinite(
  { request, stacks }: EmulationJob,
  stack: number,
  layerRow: number,
  groupRow: number,
  row: number,
  cause: string,
): InputError {
  const { tokens, totalGroups } = stacks[stack];
  const group = tokens.groups[groupRow];
  const device = deviceOfGroup(group, totalGroups, request.devices);
  const path = `${tokens.stack} layer ${tokens.layers[layerRow]}`;
  return new InputError([
    {
      code: 'E_NOT_FINITE',
      path,
      value: `device ${device}, token ${group * tokens.groupTokens + row}: ${cause}`,
      rule: 'activations, router weights and logits must be finite: NaN has no place in any order, so it cannot be routed',
      remedy: 'look at what was computed before this layer; this token is the first of its group',
    },
  ]);
}

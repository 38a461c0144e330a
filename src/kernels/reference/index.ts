/**
 * Reference kernels: the plainest form of every operation of a Transformer with Switch layers, forward and backward side by side. They are
 * the oracle that faster kernels must equal bit by bit. Each works on typed arrays with explicit shapes in the arithmetic that it is given
 * (`Numerics`: F64, F32 or BF16), forward overwrites its outputs, backward adds into its gradients.
 */
export type { AssignmentRows, DispatchShape } from './assignment-rows.ts';
export * from './attention.ts';
export * from './attention-layer.ts';
export * from './check-shape.ts';
export * from './cross-entropy.ts';
export * from './dispatch.ts';
export * from './dropout.ts';
export * from './embedding.ts';
export * from './expert-dropout.ts';
export * from './expert-feed-forward.ts';
export type { DrawPlace } from './keyed-uniform.ts';
export * from './linear.ts';
export * from './optimizers/index.ts';
export * from './relative-bias.ts';
export * from './rms-norm.ts';
export * from './rotary.ts';
export * from './router.ts';
export * from './router-losses.ts';
export * from './softmax.ts';
export * from './switch-layer.ts';
export * from './top-k.ts';
export * from './top1-assignment.ts';

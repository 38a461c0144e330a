/**
 * Reference kernels: the plainest form of every operation of a Transformer with Switch layers, forward and backward side by side. They are
 * the oracle that faster kernels must equal bit by bit. Each works on typed arrays with explicit shapes in the arithmetic that it is given
 * (`Numerics`: F64, F32 or BF16), forward overwrites its outputs, backward adds into its gradients.
 */
export * from './check-shape.ts';

/** Moving rows: dispatch, combine and embedding, forward and backward, and changes of dtype. */
export type MoveKernels = object;

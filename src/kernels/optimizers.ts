/** Updates of weights. */
export type OptimizerKernels = object;

/** RMS norm, forward and backward. */
export type NormKernels = object;

/** Cross-entropy of the vocabulary, forward and backward. */
export type CrossEntropyKernels = object;

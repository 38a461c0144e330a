/** Where a tensor is between its forward and its backward pass: in device memory, in that of the host, or nowhere, so that it is made again. */
export type RematPlace = 'device' | 'offload' | 'remat';

/** A policy of `REMAT_POLICIES`, and where tensors are that differ from it, by the names of AI-Hypercomputer/maxtext (`decoder_layer_input`, `query_proj`, ...). */
export interface RematSpec {
  readonly policy: string;
  readonly tensors: Readonly<Record<string, RematPlace>>;
  /** Layers that are checkpointed together: only what the first of them reads is kept as their input. 1 where nothing is said. */
  readonly layers?: number;
}

/** What a policy keeps; everything that it does not name is `rest`. */
export interface RematPolicy {
  readonly source: string;
  readonly tensors: Readonly<Record<string, RematPlace>>;
  readonly rest: RematPlace;
}

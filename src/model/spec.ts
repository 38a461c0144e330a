/** Dimensions of a Transformer, dense or with Switch layers. Field names follow T5 and Mesh-TensorFlow. */
export interface ModelSpec {
  readonly name: string;
  readonly family: 'encoder-decoder' | 'decoder';
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  readonly dModel: number;
  /** Width of the dense feed-forward layers. */
  readonly dFf: number;
  readonly heads: number;
  readonly headDim: number;
  readonly vocab: number;
  /** 2: in and out (ReLU); 3: gate, in and out (GEGLU). */
  readonly ffnMatrices: 2 | 3;
  readonly tiedEmbeddings: boolean;
  /** Null for a dense model. */
  readonly moe: MoeSpec | null;
}

export interface MoeSpec {
  readonly experts: number;
  /** Width of one expert's feed-forward layer. */
  readonly dExpert: number;
  /** Layer i of a stack is a Switch layer when (i + 1) % layersEvery = 0. */
  readonly layersEvery: number;
}

export type Dtype = 'bf16' | 'f32';

export const BYTES_PER_ELEMENT: Readonly<Record<Dtype, number>> = { bf16: 2, f32: 4 };

export type Stack = 'encoder' | 'decoder';

/** Where a Switch layer stands: its stack and its index within that stack, counted from 0. */
export interface SwitchLayer {
  readonly stack: Stack;
  readonly layer: number;
}

/**
 * A published measurement as `data/published/README.md` describes it: facts, with null where the source is silent. Keys that only people read
 * (confidence, notes, ...) pass unread.
 */
export interface PublishedRecord {
  readonly id: string;
  readonly kind: string;
  readonly source: string;
  /** Date of the source. */
  readonly asOf?: string | null;
  readonly topology: RecordTopology;
  readonly model: RecordModel | null;
  readonly layout: RecordLayout;
  readonly batch: RecordBatch;
  readonly precision: {
    readonly matmul: string | null;
    readonly weights: string | null;
    readonly router: string | null;
    readonly logits?: string | null;
  };
  readonly optimizer: string | null;
  /** Words, with commas between. */
  readonly optimizerDetail?: string | null;
  readonly remat: string | null;
  /** Tensor -> `device`, `offload` or `remat`; notes in words pass. */
  readonly rematDetail?: Readonly<Record<string, unknown>> | null;
  /** How tokens find their rows; null or absent: as programs of the chip's time did. */
  readonly embedding?: 'one-hot' | 'gather' | null;
  readonly attentionKernel: string | null;
  /** The run had asynchronous collectives switched on. */
  readonly overlapFlags: boolean | null;
  /** What was published, by name. */
  readonly measured: Readonly<Record<string, unknown>>;
  /** The number to predict; null when there is none. */
  readonly stepSecondsDerived: number | null;
  readonly derivedFrom?: string | null;
  /** FLOPs of the whole step under the source's own count. */
  readonly modelTflopPerStep?: number | null;
  /** That count in words, and how it takes attention: `full`, `causal` or `none`. Neither says what was computed. */
  readonly flopRule?: string | null;
  readonly attentionFlops?: string | null;
  readonly assumptions?: readonly string[];
  readonly traps?: readonly string[];
  readonly doubtful: boolean;
  readonly replayable: 'full' | 'assumptions' | 'ratio-only' | 'no';
  readonly missing?: readonly string[];
  readonly assumedForReplay?: {
    readonly topology?: Partial<RecordTopology> | null;
    readonly layout?: Partial<RecordLayout> | null;
    readonly batch?: Partial<RecordBatch> | null;
  } | null;
}

export interface RecordTopology {
  readonly chip: string | null;
  /** Over all slices. */
  readonly chips: number | null;
  /** Sides of one slice in chips. */
  readonly shape: readonly number[] | null;
  readonly slices: number | null;
  readonly devicesPerChip: number | null;
  readonly twisted?: boolean | null;
}

export interface RecordModel {
  readonly name: string;
  readonly family: string;
  /** Of a `decoder`. */
  readonly layers?: number | null;
  readonly encoderLayers?: number | null;
  readonly decoderLayers?: number | null;
  readonly dModel: number | null;
  readonly dFf: number | null;
  readonly heads: number | null;
  readonly kvHeads?: number | null;
  readonly headDim: number | null;
  readonly vocab: number | null;
  readonly ffnMatrices: number | null;
  readonly tiedEmbeddings: boolean | null;
  /** Stored and updated, and multiplied with nothing: part of the state, and of nothing else. */
  readonly idleParameters?: number | null;
  readonly attention?: string | null;
  readonly mla?: RecordMla | null;
  readonly attentionWindow?: RecordWindow | null;
  readonly moe: RecordMoe | null;
  /** Rare facts by name. */
  readonly extra?: Readonly<Record<string, unknown>> | null;
}

export interface RecordMla {
  readonly qLoraRank: number | null;
  readonly kvLoraRank: number | null;
  readonly qkNopeHeadDim: number | null;
  readonly qkRopeHeadDim: number | null;
  readonly vHeadDim: number | null;
}

export interface RecordWindow {
  readonly kind: string | null;
  readonly window: number | null;
  readonly globalEvery?: number | null;
  readonly globalHeadDim?: number | null;
  readonly globalKvHeads?: number | null;
  readonly globalSharedKv?: boolean | null;
}

export interface RecordMoe {
  readonly experts: number | null;
  readonly topK: number | null;
  readonly dExpert: number | null;
  readonly layersEvery: number | null;
  readonly firstDenseLayers?: number | null;
  readonly sharedExperts?: number | null;
  readonly sharedDim?: number | null;
  readonly capacityFactor: number | null;
  readonly capacityRule?: string | null;
  readonly dropless?: boolean | null;
  readonly algorithm: string | null;
  readonly where?: string | null;
  readonly groupTokens: number | null;
}

export interface RecordLayout {
  readonly ici: Readonly<Record<string, number>> | null;
  readonly dcn: Readonly<Record<string, number>> | null;
  readonly expertsShardedOver: string | null;
}

export interface RecordBatch {
  /** Of the whole slice. */
  readonly sequences: number | null;
  readonly sequenceLength: number | null;
  readonly targetLength: number | null;
  readonly tokensPerStep: number | null;
  /** Inference: tokens that are made, one after the other; 0 for a prefill. */
  readonly generatedTokens?: number | null;
}

/** Two records whose ratio is more telling than their levels. */
export interface Contrast {
  readonly id: string;
  readonly a: string;
  readonly b: string;
  readonly metric: string;
  readonly meaning: string;
  /** metric(a) / metric(b) as published. */
  readonly value: number;
  readonly direction: 'a>b' | 'a<b' | 'a~b';
  /** Relative spread below which a sign means nothing. */
  readonly noise?: number | null;
}

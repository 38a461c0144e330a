import { type Chip, chipCount } from '../hardware/index.ts';
import { shardsOf } from '../layout/index.ts';
import { checkScenario, SCENARIO_DEFAULTS, type Scenario, softwareDefaults, type WorkloadKind } from '../scenario/index.ts';
import { type Notes, noNotes } from './notes.ts';
import type { PublishedRecord, RecordBatch, RecordModel, RecordTopology } from './record.ts';
import { replayBatch } from './replay-batch.ts';
import { replayLayout } from './replay-layout.ts';
import { replayModel } from './replay-model.ts';
import { replayRouting } from './replay-routing.ts';
import { replayKernel, replayOptimizer, replayPrecision, replayRemat } from './replay-run.ts';
import { replayTopology } from './replay-topology.ts';

/** A published run as a scenario that can be simulated. */
export interface Replay {
  readonly id: string;
  readonly scenario: Scenario;
  /** The source does not say what is made again: the scenario keeps everything, `withRemat` decides. */
  readonly rematIsOpen: boolean;
  /** Tokens of the scenario over tokens of the published step: what its simulated step is divided by before the two are compared. */
  readonly tokensScale: number;
  /** Steps of the scenario that the published number is of: tokens that were generated one after the other, else 1. */
  readonly steps: number;
  /** What the source leaves open, and what stands in. */
  readonly fills: readonly string[];
  /** What the source says and a scenario cannot. */
  readonly leftOut: readonly string[];
}

/** A record that cannot be replayed, with every reason found. */
export interface Skipped {
  readonly id: string;
  readonly reason: string;
}

export function isSkipped(replay: Replay | Skipped): replay is Skipped {
  return 'reason' in replay;
}

const KINDS = ['train_step', 'inference'];

/**
 * Turns a published record into the scenario of its run, by the same rules for every record: what the source says, then the fixed fillings for
 * what it leaves open (data/published/README.md). Nothing looks at a record's name or source, so a new record needs no code.
 * The load is balanced: under padded dispatch the step does not depend on the draw. Published runs ran, so none is refused for want of memory.
 */
export function replayRecord(record: PublishedRecord, chips: Readonly<Record<string, Chip>>): Replay | Skipped {
  const early = whyNotAtAll(record);
  if (early !== undefined) return { id: record.id, reason: early };
  const notes = noNotes();
  const { model } = record;
  const topology = overridden(record.topology, record.assumedForReplay?.topology);
  const chip = knownChip(topology, chips, notes);
  if (model === null) notes.reasons.push('the model was not published');
  if (model === null || chip === undefined) return { id: record.id, reason: notes.reasons.join('; ') };

  const replay = scenarioOf(record, model, chip, topology, notes);
  if (notes.reasons.length === 0) notes.reasons.push(...brokenRules(replay.scenario, chip));
  if (notes.reasons.length > 0) return { id: record.id, reason: [...new Set(notes.reasons)].join('; ') };
  return replay;
}

/** Reasons that make all others idle. */
function whyNotAtAll({ kind, replayable, missing }: PublishedRecord): string | undefined {
  if (!KINDS.includes(kind)) return `not a step (${kind})`;
  if (replayable === 'no')
    return `too little was published${missing === undefined || missing.length === 0 ? '' : `: ${missing.join(', ')}`}`;
  return undefined;
}

/** What is assumed for a replay comes before what was published; null assumes nothing. */
function overridden<Facts extends object>(facts: Facts, assumed: Partial<Facts> | null | undefined): Facts {
  const stated = Object.entries(assumed ?? {}).filter(([, value]) => value !== null);
  return { ...facts, ...Object.fromEntries(stated) };
}

function knownChip({ chip }: RecordTopology, chips: Readonly<Record<string, Chip>>, notes: Notes): Chip | undefined {
  if (chip !== null && Object.hasOwn(chips, chip)) return chips[chip];
  notes.reasons.push(chip === null ? 'the chip was not published' : `chip ${chip} is not modelled`);
  return undefined;
}

function scenarioOf(record: PublishedRecord, recordModel: RecordModel, chip: Chip, stated: RecordTopology, notes: Notes): Replay {
  const topology = replayTopology(stated, chip, notes);
  const { slices } = topology;
  const slice = { chip: chip.name, slices, sliceDevices: chipCount(topology.shape) * chip.devicesPerChip };
  const layout = replayLayout(record, overridden(record.layout, record.assumedForReplay?.layout), slice, notes);
  const model = replayModel(recordModel, notes);
  const recordBatch = overridden(record.batch, record.assumedForReplay?.batch);
  const batchShards = shardsOf(layout).batch;
  const batch = replayBatch(recordBatch, model.family, batchShards, notes);
  const { sequences, targetLength, tokensScale } = batch;
  const { optimizer, firstMoment, gradients } = replayOptimizer(record, notes);
  const { kind, sequenceLength, steps } = replayKind(record, recordBatch, batch.sequenceLength);
  const remat = replayRemat(record, notes);
  const scenario: Scenario = {
    name: record.id.replace(/[^\w.-]/g, '-'),
    question: `Does the model reproduce ${record.id}?`,
    topology,
    model,
    layout,
    routing: replayRouting(recordModel.moe, { ...batch, batchShards }, notes),
    workload: {
      kind,
      sequences,
      sequenceLength,
      targetLength,
      optimizer,
      firstMoment,
      remat: remat ?? SCENARIO_DEFAULTS.workload.remat,
      // Else the custom of the chip's time.
      embedding: record.embedding ?? softwareDefaults(chip.name).embedding,
      layers: softwareDefaults(chip.name).layers,
      attentionKernel: replayKernel(record, chip.name, notes),
      expertDropout: 0,
      teacher: null,
    },
    precision: replayPrecision(record, gradients, notes),
    load: { kind: 'uniform' },
    emulate: SCENARIO_DEFAULTS.emulate,
    seed: SCENARIO_DEFAULTS.seed,
    vary: {},
    assert: {},
    ignoreMemory: true,
  };
  const rematIsOpen = remat === null && kind === 'train';
  return { id: record.id, scenario, rematIsOpen, tokensScale, steps, fills: notes.fills, leftOut: notes.leftOut };
}

/** A training step, a prefill, or as many steps of decoding as tokens were made: that in the middle stands for all. */
function replayKind(
  { kind }: PublishedRecord,
  { generatedTokens = null }: RecordBatch,
  sequenceLength: number,
): { readonly kind: WorkloadKind; readonly sequenceLength: number; readonly steps: number } {
  if (kind === 'train_step') return { kind: 'train', sequenceLength, steps: 1 };
  if (generatedTokens === null || generatedTokens === 0) return { kind: 'prefill', sequenceLength, steps: 1 };
  return { kind: 'decode', sequenceLength: sequenceLength + Math.floor(generatedTokens / 2), steps: generatedTokens };
}

/** What the rules for scenario files say: divisibility, shapes, capacity. */
function brokenRules(scenario: Scenario, chip: Chip): string[] {
  const devices = chipCount(scenario.topology.shape) * chip.devicesPerChip * scenario.topology.slices;
  return checkScenario({ scenario, chip, devices }).map(({ path, value, rule }) => `${path} ${value}: ${rule}`);
}

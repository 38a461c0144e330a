import { gibibytes } from '../base/index.ts';
import { type Chip, chipCount, coreOf, defaultWrap, squarestShape } from '../hardware/index.ts';
import { closedFormMemory } from '../program/index.ts';
import { checkScenario, MODELLED, SCENARIO_DEFAULTS, type Scenario } from '../scenario/index.ts';
import { filled, type Notes, needed } from './notes.ts';
import type { PublishedRecord, RecordModel, RecordTopology } from './record.ts';
import { replayModel, replayRouting } from './replay-model.ts';
import { checkAttentionKernel, replayBatch, replayEmbedding, replayLayout, replayOptimizer, replayPrecision } from './replay-run.ts';

/** A published run as a scenario that can be simulated. */
export interface Replay {
  readonly id: string;
  readonly scenario: Scenario;
  /** Tokens of the scenario over tokens of the published step: what its simulated step is divided by before the two are compared. */
  readonly tokensScale: number;
  /** What the source leaves open, and what stands in. */
  readonly fills: readonly string[];
}

/** A record that cannot be replayed, with every reason found. */
export interface Skipped {
  readonly id: string;
  readonly reason: string;
}

export function isSkipped(replay: Replay | Skipped): replay is Skipped {
  return 'reason' in replay;
}

/**
 * Turns a published record into the scenario of its run, by the same rules for every record: what the source says, then the fixed fillings for
 * what it leaves open (data/published/README.md). Nothing looks at a record's name or source, so a new record needs no code.
 * The load is uniform: under padded dispatch the step does not depend on the draw.
 */
export function replayRecord(record: PublishedRecord, chips: Readonly<Record<string, Chip>>): Replay | Skipped {
  const early = whyNotAtAll(record);
  if (early !== undefined) return { id: record.id, reason: early };
  const notes: Notes = { reasons: [], fills: [] };
  const { model } = record;
  const topology = { ...record.topology, ...record.assumedForReplay?.topology };
  const chip = knownChip(topology, chips, notes);
  if (model === null) notes.reasons.push('the model was not published');
  if (model === null || chip === undefined) return { id: record.id, reason: notes.reasons.join('; ') };

  const { scenario, tokensScale } = scenarioOf(record, model, chip, topology, notes);
  if (notes.reasons.length === 0) notes.reasons.push(...brokenRules(scenario, chip));
  if (notes.reasons.length > 0) return { id: record.id, reason: [...new Set(notes.reasons)].join('; ') };
  return { id: record.id, scenario: withRemat(record, scenario, chip, notes), tokensScale, fills: notes.fills };
}

/** Reasons that make all others idle. */
function whyNotAtAll({ kind, replayable, missing }: PublishedRecord): string | undefined {
  if (kind !== 'train_step') return `not a training step (${kind})`;
  if (replayable === 'no')
    return `too little was published${missing === undefined || missing.length === 0 ? '' : `: ${missing.join(', ')}`}`;
  return undefined;
}

function knownChip({ chip }: RecordTopology, chips: Readonly<Record<string, Chip>>, notes: Notes): Chip | undefined {
  if (chip !== null && Object.hasOwn(chips, chip)) return chips[chip];
  notes.reasons.push(chip === null ? 'the chip was not published' : `chip ${chip} is not modelled`);
  return undefined;
}

function scenarioOf(
  record: PublishedRecord,
  recordModel: RecordModel,
  chip: Chip,
  topology: RecordTopology,
  notes: Notes,
): Pick<Replay, 'scenario' | 'tokensScale'> {
  const shape = shapeOf(topology, chip, notes);
  const devices = chipCount(shape) * chip.devicesPerChip;
  const layout = replayLayout(record, { ...record.layout, ...record.assumedForReplay?.layout }, devices, notes);
  const model = replayModel(recordModel, notes);
  const batch = replayBatch({ ...record.batch, ...record.assumedForReplay?.batch }, model.family, layout.ici.data, notes);
  const { sequences, sequenceLength, targetLength, tokensScale } = batch;
  checkAttentionKernel(record, notes);
  if (record.remat !== null && !MODELLED.remat.includes(record.remat))
    notes.reasons.push(`rematerialisation ${record.remat} is not modelled`);
  const scenario: Scenario = {
    name: record.id.replace(/[^\w.-]/g, '-'),
    question: `Does the model reproduce ${record.id}?`,
    topology: { chip: chip.name, shape, wrap: defaultWrap(chip, shape), slices: 1, slowDevices: [] },
    model,
    layout,
    routing: replayRouting(recordModel.moe, { ...batch, dataAxis: layout.ici.data }, notes),
    workload: {
      kind: 'train',
      embedding: replayEmbedding(record),
      sequences,
      sequenceLength,
      targetLength,
      optimizer: replayOptimizer(record, notes),
      remat: 'none',
    },
    precision: replayPrecision(record, notes),
    load: { kind: 'uniform' },
    emulate: SCENARIO_DEFAULTS.emulate,
    seed: SCENARIO_DEFAULTS.seed,
    vary: {},
    assert: {},
  };
  return { scenario, tokensScale };
}

function shapeOf(topology: RecordTopology, chip: Chip, notes: Notes): readonly number[] {
  if (topology.slices !== MODELLED.slices) notes.reasons.push(`${topology.slices} slices are not modelled`);
  if (topology.twisted === true) notes.reasons.push('twisted tori are not modelled');
  if (topology.devicesPerChip !== chip.devicesPerChip) {
    notes.reasons.push(`${topology.devicesPerChip} devices per chip, but ${chip.name} is modelled with ${chip.devicesPerChip}`);
  }
  if (topology.shape !== null) return topology.shape;
  const chips = needed(notes, 'topology chips', topology.chips);
  const shape = squarestShape(chips, chip.iciDimensions === 2 ? 2 : 3);
  if (shape === undefined) notes.reasons.push(`${chips} chips have no default shape`);
  return filled(notes, 'topology shape', null, shape ?? [1]);
}

/** What the rules for scenario files say: divisibility, shapes, capacity. */
function brokenRules(scenario: Scenario, chip: Chip): string[] {
  const devices = chipCount(scenario.topology.shape) * chip.devicesPerChip;
  return checkScenario({ scenario, chip, devices }).map(({ path, value, rule }) => `${path} ${value}: ${rule}`);
}

/** As published; where the source is silent, nothing is recomputed if state and activations fit into device memory, everything otherwise. */
function withRemat({ remat }: PublishedRecord, scenario: Scenario, chip: Chip, notes: Notes): Scenario {
  const recomputing = (how: 'none' | 'full'): Scenario => ({ ...scenario, workload: { ...scenario.workload, remat: how } });
  if (remat === 'none' || remat === 'full') return recomputing(remat);
  const needs = closedFormMemory(recomputing('none'), chip, null);
  const has = coreOf(chip).hbmBytes;
  const how = needs <= has ? 'none' : 'full';
  notes.fills.push(`remat was not published: ${how}, since without it a device needs ${gibibytes(needs)} of ${gibibytes(has)}`);
  return recomputing(how);
}

import type { Chip } from '../hardware/index.ts';
import { metricOfStep, printedNumber } from './measured-metric.ts';
import { type Prediction, predict, type Wiring } from './predict.ts';
import type { Contrast, PublishedRecord } from './record.ts';
import { isSkipped, type Replay, replayRecord, type Skipped } from './replay.ts';
import { absoluteErrors, type ContrastScore, type Errors, type LevelScore, type Side, scoreContrast, scoreLevel } from './score.ts';

export interface ValidationInput {
  readonly records: readonly PublishedRecord[];
  readonly contrasts: readonly Contrast[];
  /** By name. */
  readonly chips: Readonly<Record<string, Chip>>;
  /** `both` shows open and closed slices side by side and judges by the chip's own rule. */
  readonly wrap: 'open' | 'closed' | 'both';
  readonly onProgress?: (done: number, total: number) => void;
}

/** A published run, simulated. */
export interface ValidationRow extends LevelScore {
  readonly id: string;
  readonly source: string;
  /** Simulated step by wiring, for as many tokens as the published one. */
  readonly seconds: Partial<Readonly<Record<Wiring, number>>>;
  /** The wiring that is judged. */
  readonly judged: Wiring;
  readonly wrap: readonly boolean[];
  /** Published and simulated (as judged), for tables that print it. */
  readonly examplesPerSecond: { readonly published: number | null; readonly simulated: number | null };
  /** A doubtful record is shown, but decides nothing. */
  readonly counts: boolean;
  readonly fills: readonly string[];
}

export interface ContrastRow extends ContrastScore {
  readonly counts: boolean;
}

export interface Validation {
  /** By record, of the scenario that stands in for it. */
  readonly predictions: Readonly<Record<string, Prediction>>;
  readonly rows: readonly ValidationRow[];
  readonly contrasts: readonly ContrastRow[];
  /** Records and contrasts that were not looked at, and why. */
  readonly skipped: readonly Skipped[];
  readonly summary: ValidationSummary;
}

export interface ValidationSummary {
  readonly calibrated: false;
  readonly levels: Errors;
  readonly levelsOutside: number;
  readonly contrasts: Errors;
  readonly contrastsOutside: number;
  readonly skipped: number;
  /** Something was looked at, and nothing that counts is outside its tolerance. */
  readonly passed: boolean;
}

/** Replays every record that can be replayed and holds the simulated steps against the published ones, levels first, then ratios. */
export function validateRecords(input: ValidationInput): Validation {
  const { records, chips, wrap } = input;
  const replays = records.map((record) => replayRecord(record, chips));
  const judged: Wiring = wrap === 'both' ? 'assumed' : wrap;
  const wirings: readonly Wiring[] = wrap === 'both' ? ['open', 'closed', 'assumed'] : [wrap];
  const predictions: Record<string, Prediction> = {};
  const rows: ValidationRow[] = [];
  const sides = new Map<string, Side>();
  for (const [index, replay] of replays.entries()) {
    if (!isSkipped(replay)) {
      const record = records[index];
      const chip = chips[replay.scenario.topology.chip];
      const simulated = predict(replay.scenario, chip, wirings);
      const prediction = simulated[judged];
      if (prediction === undefined) continue;
      predictions[replay.id] = prediction;
      sides.set(replay.id, { record, chip, predictedSeconds: prediction.stepSeconds / replay.tokensScale });
      rows.push(rowOf(record, chip, replay, simulated, judged));
    }
    input.onProgress?.(index + 1, replays.length);
  }
  const contrasts = contrastRows(input.contrasts, sides);
  const skipped = [...replays.filter(isSkipped), ...contrasts.skipped];
  return { predictions, rows, contrasts: contrasts.rows, skipped, summary: summaryOf(rows, contrasts.rows, skipped) };
}

function rowOf(
  record: PublishedRecord,
  chip: Chip,
  { scenario, tokensScale, fills }: Replay,
  simulated: Partial<Record<Wiring, Prediction>>,
  judged: Wiring,
): ValidationRow {
  const seconds = Object.fromEntries(
    Object.entries(simulated).map(([wiring, prediction]) => [wiring, prediction.stepSeconds / tokensScale]),
  );
  const stepSeconds = seconds[judged] ?? Number.NaN;
  const { wrap, shape } = scenario.topology;
  return {
    id: record.id,
    source: record.source,
    ...scoreLevel(record, stepSeconds),
    seconds,
    judged,
    wrap: judged === 'assumed' ? wrap : shape.map(() => judged === 'closed'),
    examplesPerSecond: {
      published: printedNumber(record, 'examplesPerSecond'),
      simulated: metricOfStep(record, 'examplesPerSecond', stepSeconds, chip),
    },
    counts: !record.doubtful,
    fills,
  };
}

function contrastRows(contrasts: readonly Contrast[], sides: ReadonlyMap<string, Side>): { rows: ContrastRow[]; skipped: Skipped[] } {
  const rows: ContrastRow[] = [];
  const skipped: Skipped[] = [];
  for (const contrast of contrasts) {
    const a = sides.get(contrast.a);
    const b = sides.get(contrast.b);
    const score = a === undefined || b === undefined ? null : scoreContrast(contrast, a, b);
    if (a === undefined || b === undefined) {
      const missing = [contrast.a, contrast.b].filter((id) => !sides.has(id));
      skipped.push({ id: contrast.id, reason: `contrast: no prediction of ${missing.join(' and ')}` });
    } else if (score === null) {
      skipped.push({ id: contrast.id, reason: `contrast: ${contrast.metric} does not follow from a step time` });
    } else {
      rows.push({ ...score, counts: !a.record.doubtful && !b.record.doubtful });
    }
  }
  return { rows, skipped };
}

function summaryOf(rows: readonly ValidationRow[], contrasts: readonly ContrastRow[], skipped: readonly Skipped[]): ValidationSummary {
  const levels = rows.filter((row) => row.counts && row.deviation !== null);
  const ratios = contrasts.filter((row) => row.counts);
  const levelsOutside = levels.filter((row) => row.verdict === 'outside').length;
  const contrastsOutside = ratios.filter((row) => row.verdict === 'outside').length;
  return {
    calibrated: false,
    levels: absoluteErrors(levels.map((row) => row.deviation ?? Number.NaN)),
    levelsOutside,
    contrasts: absoluteErrors(ratios.map((row) => row.deviation)),
    contrastsOutside,
    skipped: skipped.length,
    passed: levels.length + ratios.length > 0 && levelsOutside + contrastsOutside === 0,
  };
}

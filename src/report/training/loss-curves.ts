import { log } from '../../base/index.ts';
import { bitsOf, formatLoss, formatNumber, type TrainingResult, trainingFigures } from '../../result/index.ts';
import type { Cell, ChartSpec, CurvesView } from '../chart-spec.ts';
import { seriesRole } from '../palette.ts';
import { thinned, thinnedWords } from './thin.ts';

/** Runs of fewer steps are drawn as they are. Over longer ones lies the mean of a fortieth of the run, and no more batches: a long mean lags behind. */
const SMOOTHED_FROM = 60;
const PARTS = 40;
const MOST_BATCHES = 25;

const [STEP, SECONDS] = [0, 1];

/** Cross-entropy of the batches, and of the held-out text, against steps and against the time of the simulated pod. */
export function lossCurves(result: TrainingResult): ChartSpec | null {
  const { crossEntropies, simulatedSeconds, evaluations, scenario } = result;
  const steps = crossEntropies.length;
  if (steps === 0) return null;
  const places = thinned([crossEntropies]);
  const window = windowOf(steps);
  const means = trailingMeans(crossEntropies, window);
  const evaluated = new Map(evaluations.map((evaluation) => [evaluation.step, evaluation.crossEntropy]));
  // An evaluation says how many steps were before it: that of none stands at time 0, before the first loss.
  const learned = new Set(places.map((at) => at + 1));
  const rows = [...new Set([...learned, ...evaluated.keys()])]
    .sort((a, b) => a - b)
    .map((step): Cell[] => [
      step,
      step === 0 ? 0 : simulatedSeconds[step - 1],
      learned.has(step) ? crossEntropies[step - 1] : '',
      ...(window > 1 ? [learned.has(step) ? means[step - 1] : ''] : []),
      evaluated.get(step) ?? '',
    ]);
  const smooth = window > 1;
  const heldOut = smooth ? 4 : 3;
  const guess = log(scenario.model.vocab);
  const view = (label: string, x: number): CurvesView => ({
    kind: 'curves',
    label,
    finding: finding(result),
    table: {
      columns: [
        { label: 'Step', unit: '' },
        { label: 'Simulated time', unit: 's' },
        { label: 'Each batch', unit: '' },
        ...(smooth ? [{ label: `Mean of the last ${formatNumber(window)} batches`, unit: '' }] : []),
        { label: 'Held-out text', unit: '' },
      ],
      rows,
    },
    x,
    xAxis: x === STEP ? { label: 'Step', unit: '' } : { label: 'Simulated time', unit: 's' },
    valueAxis: { label: 'Cross-entropy, nats a byte', unit: '' },
    fromZero: false,
    series: [
      ...(evaluations.length === 0 ? [] : [{ column: heldOut, role: 'exposed', points: true } as const]),
      ...(smooth
        ? ([
            { column: 3, role: 'compute' },
            { column: 2, role: 'other', faint: true },
          ] as const)
        : ([{ column: 2, role: 'compute' }] as const)),
    ],
    references: [{ label: `Uniform over the vocabulary: ${formatLoss(guess)}`, value: guess }],
  });
  return {
    id: 'loss',
    title: 'Loss',
    shows: `The lower, the better: a byte is foreseen with the probability e to the minus loss. Points are text that is never learned from.${thinnedWords(steps, places.length)}`,
    width: 'full',
    choose: 'Against',
    views: [view('steps', STEP), view('simulated time', SECONDS)],
  };
}

function windowOf(steps: number): number {
  return steps < SMOOTHED_FROM ? 1 : Math.min(MOST_BATCHES, Math.round(steps / PARTS));
}

/** Mean of each value and those before it, `window` in all, fewer at the start. */
function trailingMeans(values: readonly number[], window: number): number[] {
  let sum = 0;
  return values.map((value, at) => {
    sum += value - (at >= window ? values[at - window] : 0);
    return sum / Math.min(window, at + 1);
  });
}

function finding(result: TrainingResult): string {
  const { crossEntropies } = result;
  const { steps, firstEvaluation, lastEvaluation } = trainingFigures(result);
  const batches = `The loss of a batch goes from ${formatLoss(crossEntropies[0])} to ${formatLoss(crossEntropies.at(-1) ?? Number.NaN)} nats a byte in ${steps === 1 ? 'one step' : `${formatNumber(steps)} steps`}`;
  if (firstEvaluation === null || lastEvaluation === null) return `${batches}.`;
  const from = firstEvaluation.step === lastEvaluation.step ? '' : `from ${formatLoss(firstEvaluation.crossEntropy)} `;
  const gap = lastEvaluation.crossEntropy - (trailingMeans(crossEntropies, windowOf(steps)).at(-1) ?? 0);
  const last = windowOf(steps) > 1 ? 'the last batches' : 'the last batch';
  const beside = Math.abs(gap) < 0.0005 ? `as ${last}` : `${formatLoss(Math.abs(gap))} ${gap > 0 ? 'above' : 'below'} ${last}`;
  return `${batches}; that of the held-out text ${from}to ${formatLoss(lastEvaluation.crossEntropy)}, ${formatLoss(bitsOf(lastEvaluation.crossEntropy))} bits a byte, ${beside}.`;
}

/** Held-out loss text by text; null where that is one text, or was looked at once: the table of the texts has that. */
export function textCurves({ texts, evaluations }: TrainingResult): ChartSpec | null {
  const drawn = evaluations.filter(({ ofTexts }) => ofTexts.length === texts.length);
  const last = drawn.at(-1);
  if (texts.length < 2 || last === undefined || drawn.length < 2) return null;
  const sorted = texts.map(({ name }, text) => ({ name, loss: last.ofTexts[text] })).sort((a, b) => a.loss - b.loss);
  const [easiest, hardest] = [sorted[0], sorted[sorted.length - 1]];
  return {
    id: 'held-out-texts',
    title: 'Held-out loss of each text',
    shows: 'Cross-entropy of the end of each text, which is never learned from.',
    width: 'half',
    choose: '',
    views: [
      {
        kind: 'curves',
        label: 'Nats a byte',
        finding: `${easiest.name} is foreseen best, ${formatLoss(easiest.loss)} nats a byte; ${hardest.name} worst, ${formatLoss(hardest.loss)}.`,
        table: {
          columns: [{ label: 'Step', unit: '' }, ...texts.map(({ name }) => ({ label: name, unit: '' }))],
          rows: drawn.map(({ step, ofTexts }) => [step, ...ofTexts]),
        },
        x: 0,
        xAxis: { label: 'Step', unit: '' },
        valueAxis: { label: 'Cross-entropy, nats a byte', unit: '' },
        fromZero: false,
        series: texts.map((_, text) => ({ column: text + 1, role: seriesRole(text), points: true as const })),
        references: [],
      },
    ],
  };
}

import { axisSize, MESH_AXES } from '../../layout/index.ts';
import {
  bitsOf,
  formatBytes,
  formatLoss,
  formatNumber,
  formatSeconds,
  formatShare,
  hasSlots,
  type TrainingFigures,
  type TrainingResult,
} from '../../result/index.ts';
import { type Html, html } from '../html.ts';
import { bullets, section, table } from '../sections/markup.ts';

/** `data 2 × expert 16`. */
export function layoutWords({ scenario: { layout } }: TrainingResult): string {
  const axes = MESH_AXES.flatMap((axis) => (axisSize(layout, axis) > 1 ? [`${axis} ${axisSize(layout, axis)}`] : []));
  return axes.length === 0 ? 'one core' : axes.join(' × ');
}

type Tile = readonly [label: string, value: string, definition: string, note: string];

/** One tile per number; its definition appears on hover and on keyboard focus. */
export function trainingTiles(result: TrainingResult, figures: TrainingFigures, key: string): Html {
  return html`<ul class="tiles">${tilesOf(result, figures).map((tile, i) => tileMarkup(tile, `${key}-tip-${i}`))}</ul>`;
}

function tilesOf(result: TrainingResult, figures: TrainingFigures): Tile[] {
  const { crossEntropies, cores, slice, provenance, scenario, skippedBatches } = result;
  const { lastEvaluation: last, firstEvaluation: first, steps } = figures;
  const heldOut: Tile[] =
    last === null
      ? []
      : [
          [
            'Held-out loss',
            `${formatLoss(last.crossEntropy)} nats`,
            'Mean cross-entropy of a byte of text that is never learned from, after the last step.',
            first === null || first.step === last.step
              ? 'a byte'
              : `a byte; ${formatLoss(first.crossEntropy)} after step ${formatNumber(first.step)}`,
          ],
          [
            'Held-out bits per byte',
            `${formatLoss(bitsOf(last.crossEntropy))} bits`,
            'The same over ln 2: what a compressor that uses this model would need for a byte.',
            'of the 8 that a byte has',
          ],
        ];
  const dropped: Tile[] =
    result.layers.length === 0
      ? []
      : [
          [
            'Dropped choices',
            formatShare(figures.lateDropRate),
            'Share of the choices of all Switch layers that found no slot, mean over the last tenth of the steps.',
            `over the last ${figures.lateSteps === 1 ? 'step' : `${formatNumber(figures.lateSteps)} steps`}`,
          ],
        ];
  return [
    ...heldOut,
    [
      'Loss of the last batch',
      `${formatLoss(crossEntropies.at(-1) ?? Number.NaN)} nats`,
      'Mean cross-entropy of a byte of the batch of the last step, before the step.',
      `a byte; ${formatLoss(crossEntropies[0] ?? Number.NaN)} in the first step`,
    ],
    ...dropped,
    [
      'Simulated time',
      formatSeconds(figures.simulatedSeconds),
      'What the simulated pod takes for all steps. Evaluations and checkpoints are not in it.',
      `${formatSeconds(steps === 0 ? 0 : figures.simulatedSeconds / steps)} a step`,
    ],
    [
      'Wall time',
      formatSeconds(provenance.wallSeconds),
      'What the machine that emulates the pod took, from the start or from the checkpoint that the run went on from.',
      `on ${formatNumber(provenance.threads)} thread${provenance.threads === 1 ? '' : 's'}`,
    ],
    [
      'Cores',
      formatNumber(cores),
      'Cores of the simulated pod, each with its shards of weights and of the batch.',
      `${slice} ${scenario.topology.chip}; ${layoutWords(result)}`,
    ],
    [
      'Skipped steps',
      formatNumber(skippedBatches.length),
      'Batches that changed no weight, because a loss or a gradient was no number.',
      skippedBatches.length === 0 ? 'every loss was a number' : 'see below',
    ],
  ];
}

function tileMarkup([label, value, definition, note]: Tile, id: string): Html {
  const at = value.indexOf(' ');
  const shown = at < 0 ? html`${value}` : html`${value.slice(0, at)} <small>${value.slice(at + 1)}</small>`;
  return html`<li class="tile"><button type="button" class="hint" aria-describedby="${id}">${label}</button><span class="tip" role="tooltip" id="${id}">${definition}</span>
<span class="value">${shown}</span><span class="note">${note}</span></li>`;
}

/** Where the texts come from, how long they are, and how well each is foreseen. */
export function textsSection({ texts }: TrainingResult, { lastEvaluation: last }: TrainingFigures, key: string): Html {
  const loss = (text: number): string => {
    const nats = last?.ofTexts[text];
    return nats === undefined ? 'not looked at' : `${formatLoss(nats)} (${formatLoss(bitsOf(nats))} bits)`;
  };
  return section(
    `${key}-texts`,
    'Texts',
    table(
      'What was learned from; a word is a byte',
      ['Text', 'Learned from', 'Held out', 'Held-out loss, nats a byte', 'Source', 'Licence'],
      texts.map(({ name, bytes, heldOutBytes, source, licence }, text) => [
        name,
        formatBytes(bytes),
        formatBytes(heldOutBytes),
        loss(text),
        source ?? 'a file of the user',
        licence ?? 'not known',
      ]),
      [4, 5],
    ),
  );
}

/** What cores sent one another, beside what the program of the step predicts; a row that differs is marked by a sign and a word, not by colour alone. */
export function bytesSection({ bytes, differing }: TrainingFigures, key: string): Html {
  if (bytes.length === 0) return section(`${key}-bytes`, 'Bytes', html`<p>No core sends anything to another.</p>`);
  const sum = (of: 'counted' | 'predicted'): number => bytes.reduce((total, row) => total + row[of], 0);
  const rows = [...bytes, { collective: 'all', axis: '', counted: sum('counted'), predicted: sum('predicted') }];
  const verdict =
    differing === 0
      ? html`<p>All ${formatNumber(bytes.length)} rows are as predicted, to the byte.</p>`
      : html`<p><b>${formatNumber(differing)} of ${formatNumber(bytes.length)} rows are not as predicted</b>: what the pod moved and what time was simulated for are not the same step.</p>`;
  return section(
    `${key}-bytes`,
    'Bytes',
    verdict,
    table(
      'Bytes from core to core in the last step, counted where they were copied, beside those of the program that was timed',
      ['Collective', 'Mesh axis', 'Counted', 'Predicted', ''],
      rows.map(({ collective, axis, counted, predicted }) => [
        collective,
        axis,
        formatNumber(counted),
        formatNumber(predicted),
        counted === predicted
          ? { cell: html`<small><b>= equal</b></small>`, className: 'better' }
          : {
              cell: html`<small><b>≠ differs by ${counted > predicted ? '+' : '−'}${formatNumber(Math.abs(counted - predicted))}</b></small>`,
              className: 'worse',
            },
      ]),
      [1],
    ),
  );
}

const MOST_SKIPPED = 40;

export function skippedSection({ skippedBatches }: TrainingResult, key: string): Html {
  const shown = skippedBatches.slice(0, MOST_SKIPPED).map((batch) => formatNumber(batch));
  const more = skippedBatches.length > MOST_SKIPPED ? ` and ${formatNumber(skippedBatches.length - MOST_SKIPPED)} more` : '';
  return section(
    `${key}-skipped`,
    'Skipped steps',
    skippedBatches.length === 0
      ? html`<p>None: every loss and every gradient was a number.</p>`
      : html`<p>${skippedBatches.length === 1 ? 'Batch' : 'Batches'} ${shown.join(', ')}${more}: a loss or gradient was no number, and no weight was changed. Curves leave them out.</p>`,
  );
}

/** What the numbers rest on, and what they do not say. */
export function groundSection(result: TrainingResult, key: string): Html {
  const { scenario } = result;
  const { layers, texts } = result;
  const router = layers.length === 0 ? '' : ', routing decisions and drops';
  return section(
    `${key}-assumptions`,
    'What it rests on',
    bullets([
      `Losses${router} are computed: every core has its own shards, and takes part in every collective of the layout. They are those of one core, up to the rounding of sums in another order.`,
      hasSlots(scenario)
        ? 'Time is simulated, not measured: the discrete-event engine runs the program of the step on the links and cores of the slice. Slots are fixed before anyone chooses, so that every step takes the same time.'
        : 'Time is simulated, not measured: the discrete-event engine runs the program of the step on the links and cores of the slice, with the load that the routers of the run gave.',
      'Reading texts, evaluations and checkpoints take no simulated time.',
      `The model is small (${scenario.model.name}), a word is a byte, and ${texts.length === 1 ? 'the text is short' : 'the texts are short'}: what its routers learn need not be what those of large models learn.`,
      'Held-out text is the end of each text; it is never learned from, but it is of the same hand as what is.',
      'Steps are counted from 1. The loss of a step is that of its batch before the weights change.',
    ]),
  );
}

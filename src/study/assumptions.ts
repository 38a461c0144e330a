import type { Chip } from '../hardware/index.ts';
import type { Scenario } from '../scenario/index.ts';

/** What the prediction rests on, in sentences that a reader of the page can check or doubt. */
export function assumptionsOf(scenario: Scenario, chip: Chip): string[] {
  const { matmulPeakShare, hbmPeakShare, taskOverheadSeconds } = chip.efficiency;
  const sentences = [
    `Nothing is fitted to published step times: durations follow from the published peaks of ${chip.name}, ${percent(matmulPeakShare)} of the matrix peak, ${percent(hbmPeakShare)} of the HBM bandwidth and ${(taskOverheadSeconds * 1e6).toFixed(1)} µs per operation.`,
    efficiencySentence(chip),
    'A step is one program for all devices; host input, checkpoints and metrics are not in it.',
    'Attention is unfused: scores and probabilities go through HBM.',
  ];
  if (scenario.topology.shape.length > 0) sentences.push(wrapSentence(scenario));
  sentences.push(
    scenario.layout.overlapGradients
      ? 'Gradients are reduced behind the backward pass; nothing else overlaps.'
      : 'Nothing overlaps: gradients are reduced after the backward pass.',
  );
  if (scenario.model.moe !== null) sentences.push(...routingSentences(scenario));
  return sentences;
}

function efficiencySentence(chip: Chip): string {
  const citation = chip.citations['efficiency.matmulPeakShare'];
  return citation === undefined
    ? 'The shares of the peaks carry no source.'
    : `Share of the matrix peak: ${citation.source} (${citation.asOf})${citation.note === undefined ? '' : `; ${citation.note}`}.`;
}

function wrapSentence(scenario: Scenario): string {
  const { shape, wrap } = scenario.topology;
  const sides = shape.map((side, axis) => `${side}${wrap[axis] ? ' (ring)' : ' (open)'}`).join(' x ');
  return `The slice is wired as ${sides}.`;
}

function routingSentences(scenario: Scenario): string[] {
  const sentences =
    scenario.layout.expertsOver === 'none'
      ? [
          'Every slot of every expert is computed, filled or not, as one-hot einsum dispatch does: drops cost no time, capacity does.',
          'Every device holds all experts, so no token travels to them.',
        ]
      : [
          'Every slot of every expert is computed and sent, filled or not, as one-hot einsum dispatch does: drops cost no time, capacity does.',
          'Experts of a layer are spread in contiguous ranges over the axis that holds them.',
        ];
  if (scenario.load.kind === 'measured') {
    sentences.push(
      'The router is untrained and the tokens are synthetic (one strength of clustering, shared by all layers): drop rates are an assumption about your data, not a measurement of it.',
    );
  }
  if (scenario.load.kind === 'trace') sentences.push(`Expert choices come from ${scenario.load.file}.`);
  return sentences;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

import { axisSize, type LayoutSpec } from '../layout/index.ts';
import { learns, type Scenario } from '../scenario/index.ts';

/** What the layout and the workload of a scenario take for granted, in sentences. */
export function layoutAssumptions({ layout, workload, model, precision }: Scenario): string[] {
  return [
    ...(precision.quantized === 'none'
      ? []
      : [`MFU and HFU are shares of the bf16 peak, although products have operands in ${precision.quantized}.`]),
    workload.attentionKernel === 'dot'
      ? 'Attention is unfused: scores and probabilities go through HBM.'
      : 'Attention is computed block by block on the chip; blocks that the mask leaves empty are skipped, and causal work is spread evenly.',
    ...(learns(workload) ? [overlapSentence(layout)] : []),
    ...tensorSentences(layout, learns(workload)),
    ...microbatchSentences(layout),
    ...memorySentences(layout),
    ...(workload.kind === 'decode' ? ['One token of every sequence is decoded; caches hold the whole length, and no encoder runs.'] : []),
    ...(model.moe !== null && model.moe.expertsIn !== 'ffn' ? ['Experts of attention are routed to, and not run for comparison.'] : []),
    ...(model.moe?.widths === undefined || model.moe.widths === null
      ? []
      : ['Experts of different widths are routed to as equals, and not run for comparison.']),
  ];
}

function overlapSentence(layout: LayoutSpec): string {
  const { gradients, weights, tensor, experts } = layout.overlap;
  const gathers = weights && (axisSize(layout, 'fsdp') > 1 || layout.zero === 3);
  const hidden = [
    ...(gradients ? ['gradients are reduced behind the backward pass'] : []),
    ...(gathers ? ['weights of the next sub-layer are gathered while one computes'] : []),
    ...(tensor > 1 && axisSize(layout, 'tensor') > 1 ? [`products beside sums of the tensor axis run in ${tensor} pieces`] : []),
    ...(experts > 1 && layout.expertsOver !== 'none' ? [`experts run in ${experts} pieces, each while the next is on its way`] : []),
  ];
  if (hidden.length === 0) return 'Nothing overlaps: gradients are reduced after the backward pass.';
  const [first, ...rest] = hidden;
  return `${[first[0].toUpperCase() + first.slice(1), ...rest].join('; ')}; nothing else overlaps.`;
}

function tensorSentences(layout: LayoutSpec, learning: boolean): string[] {
  if (axisSize(layout, 'tensor') === 1) return [];
  return layout.tensorActivations === 'whole'
    ? ['Activations between sub-layers are whole on every member of the tensor axis.']
    : [
        `Activations between sub-layers are in parts over the tensor axis: gathered before products${learning ? ', also in the backward pass,' : ''} and scattered behind them.`,
      ];
}

function microbatchSentences(layout: LayoutSpec): string[] {
  const stages = axisSize(layout, 'pipeline');
  if (stages === 1) {
    return layout.microbatches === 1 ? [] : [`The batch runs in ${layout.microbatches} parts, whose gradients add up in memory.`];
  }
  const { schedule, repeats } = layout.pipeline;
  const chunks = repeats === 1 ? '' : `, each with ${repeats} chunks of layers`;
  return [
    `${stages} pipeline stages${chunks} take ${layout.microbatches} microbatches in the order of schedule ${schedule}; embedding and logits stand on the first and on the last.`,
  ];
}

function memorySentences({ zero, offload, ...layout }: LayoutSpec): string[] {
  const shared = ['', 'optimizer state', 'optimizer state and gradients', 'optimizer state, gradients and weights'][zero];
  const replicas = axisSize(layout, 'data') > 1;
  const away = [...(offload.optimizer ? ['optimizer state'] : []), ...(offload.weights ? ['weights'] : [])];
  return [
    ...(zero > 0 && replicas ? [`The data axis shares ${shared} (ZeRO stage ${zero}).`] : []),
    ...(away.length > 0
      ? [`${away.join(' and ')} live in the memory of the host between uses.`.replace(/^./, (letter) => letter.toUpperCase())]
      : []),
  ];
}

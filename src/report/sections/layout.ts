/** How model and batch are cut over devices, who holds what, and what each mesh axis carries for it. */
import { axisSize, groupName, MESH_AXES, type MeshAxis, shardsOf } from '../../layout/index.ts';
import { formatNumber, formatValue, type Result } from '../../result/index.ts';
import { learns, type Scenario } from '../../scenario/index.ts';
import { type Html, html } from '../html.ts';
import { facts, section, table } from './markup.ts';

/** What a mesh axis cuts. */
const CUTS: Readonly<Record<MeshAxis, string>> = {
  data: 'the sequences of the batch',
  pipeline: 'the layers',
  fsdp: 'the sequences of the batch, and weights between uses',
  context: 'each sequence, and weights between uses',
  tensor: 'heads, widths of feed-forward layers and the vocabulary',
  expert: 'the experts and the sequences of the batch',
};

/** Null for a result of an older version, which says nothing of axes. */
export function layout(result: Result, key: string): Html | null {
  const { scenario, detail } = result;
  if (scenario.layout?.dcn === undefined) return null;
  const sent = detail.communication ?? [];
  const rows = sent.map((row) => [
    row.group,
    row.part,
    row.kind,
    formatNumber(row.collectives),
    formatValue(row.bytesPerDevice, 'B'),
    formatValue(row.bytesPerDevice / row.collectives, 'B'),
  ]);
  return section(
    `${key}-layout`,
    'Layout',
    axisTable(scenario),
    facts(choices(scenario)),
    rows.length === 0
      ? html`<p>No device sends anything to another.</p>`
      : table(
          'What one device sends in a step, mean over devices',
          ['Mesh axes', 'For', 'Collective', 'Times', 'Bytes', 'Bytes each time'],
          rows,
          [1, 2],
        ),
  );
}

function axisTable({ layout: spec, topology }: Scenario): Html {
  const axes = MESH_AXES.filter((axis) => axisSize(spec, axis) > 1);
  const rows = axes.map((axis) => [axis, formatNumber(spec.ici[axis]), formatNumber(spec.dcn[axis]), CUTS[axis]]);
  if (rows.length === 0) return html`<p>One device holds everything.</p>`;
  const slices = topology.slices === 1 ? 'Over slices (there is one)' : `Over ${topology.slices} slices`;
  return table('Mesh axes', ['Axis', 'Within a slice', slices, 'It cuts'], rows, [3]);
}

function choices({ layout: spec, workload, model, ignoreMemory }: Scenario): [string, string][] {
  const { expertGroup } = shardsOf(spec);
  const experts = expertGroup === null ? 'all on every device that needs them' : `over ${groupName(expertGroup)}`;
  const offloaded = [...(spec.offload.optimizer ? ['optimizer state'] : []), ...(spec.offload.weights ? ['weights'] : [])];
  const stages = axisSize(spec, 'pipeline');
  const learning = learns(workload);
  const behind = [
    ...(spec.overlap.weights && (axisSize(spec, 'fsdp') > 1 || spec.zero === 3) ? ['the next gather of weights'] : []),
    ...(spec.overlap.gradients && learning ? ['reductions of gradients'] : []),
    ...(spec.overlap.tensor > 1 ? [`sums of the tensor axis in ${spec.overlap.tensor} pieces`] : []),
    ...(spec.overlap.experts > 1 ? [`exchanges of tokens in ${spec.overlap.experts} pieces`] : []),
  ];
  return [
    ...(model.moe === null ? [] : ([['Experts', experts]] as [string, string][])),
    ['Not replicated over data', ZERO_WORDS[spec.zero]],
    ['On the host between uses', offloaded.length === 0 ? 'nothing' : offloaded.join(', ')],
    ['Microbatches', formatNumber(spec.microbatches)],
    ...(stages > 1 ? ([['Pipeline', `${stages} stages, ${scheduleWords(spec.pipeline)}`]] as [string, string][]) : []),
    ...(axisSize(spec, 'tensor') > 1
      ? ([['Activations between sub-layers', STREAM_WORDS[spec.tensorActivations]]] as [string, string][])
      : []),
    ['Behind computing', behind.length === 0 ? 'nothing' : behind.join(', ')],
    ...(learning ? ([['Made again in the backward pass', rematWords(workload.remat)]] as [string, string][]) : []),
    ...(ignoreMemory ? ([['Memory', 'ignored: the step is run whether it fits or not (ignoreMemory)']] as [string, string][]) : []),
  ];
}

const STREAM_WORDS = {
  whole: 'whole on every member of the tensor axis',
  sharded: 'in parts over the tensor axis, gathered before products',
} as const;
const ZERO_WORDS = ['nothing', 'optimizer state', 'optimizer state and gradients', 'optimizer state, gradients and weights'] as const;

function scheduleWords({ schedule, repeats }: Scenario['layout']['pipeline']): string {
  return repeats === 1 ? schedule : `${schedule} with ${repeats} chunks each`;
}

function rematWords({ policy, tensors, layers = 1 }: Scenario['workload']['remat']): string {
  const placed = Object.entries(tensors).map(([name, place]) => `${name}: ${place}`);
  const blocks = layers === 1 ? '' : `, ${layers} layers together`;
  const words = policy === 'none' ? 'nothing' : `as policy ${policy} says${blocks}`;
  return placed.length === 0 ? words : `${words}, but ${placed.join(', ')}`;
}

import { axisSize, MESH_AXES } from '../layout/index.ts';
import { formatBytes, formatCount, formatSeconds, formatShare } from '../result/index.ts';
import { learns, type Scenario, sliceName } from '../scenario/index.ts';
import type { Inspection, ModelFacts, StepFacts } from '../study/index.ts';
import { printable } from './printable.ts';
import { alignedTable, cut } from './table.ts';

const WIDTH = 80;
/** Rows of a list; what is smaller is in the JSON. */
const MOST_ROWS = 8;

/** The model, and where a machine was named who holds what, where the time goes, and what that is per byte. */
export function inspectionText(scenario: Scenario, { model, step }: Inspection): string {
  const lines = [...modelLines(model, step === null || learns(scenario.workload)), ...(step === null ? [] : stepLines(scenario, step))];
  return `${lines.map((line) => cut(printable(line), WIDTH)).join('\n')}\n`;
}

const KINDS: Readonly<Record<keyof ModelFacts['parameters']['byKind'], string>> = {
  embedding: 'embeddings and logits',
  attention: 'attention',
  denseFeedForward: 'dense feed-forward',
  experts: 'experts',
  sharedExperts: 'shared experts',
  routers: 'routers',
  vectors: 'norms and biases',
  positionBiases: 'position biases',
};

function modelLines({ name, family, layers, expertLayers, expertsPerToken, parameters, flops }: ModelFacts, learning: boolean): string[] {
  const depth = [layers.encoder, layers.decoder].filter((count) => count > 0).join(' + ');
  const experts = expertLayers === 0 ? '' : `, ${expertLayers} with experts (${expertsPerToken} per token)`;
  const kinds = Object.entries(parameters.byKind)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => [`  ${KINDS[kind as keyof typeof KINDS]}`, formatCount(count), formatShare(count / parameters.total)]);
  const length =
    family === 'encoder-decoder' ? `${flops.length.encoder} + ${flops.length.decoder}` : `${flops.length.decoder || flops.length.encoder}`;
  const pairs = flops.attention === 'full' ? 'all pairs' : 'pairs that masks leave';
  return [
    `${name}: ${family}, ${depth} layers${experts}`,
    '',
    ...alignedTable([['parameters', formatCount(parameters.total), ''], ...kinds], [1, 2]),
    ...(expertLayers === 0 ? [] : [`  of all, a token meets ${formatCount(parameters.active)}`]),
    '',
    ...alignedTable(
      [
        [`FLOPs per token at length ${length}`, ''],
        ['  forward', formatCount(flops.forwardPerToken)],
        ...(learning ? [['  training', formatCount(flops.trainingPerToken)]] : []),
        [`  attention over ${pairs}`, formatShare(flops.attentionShare)],
      ],
      [1],
    ),
  ];
}

function stepLines(scenario: Scenario, step: StepFacts): string[] {
  const { layout } = scenario;
  const axes = MESH_AXES.filter((axis) => axisSize(layout, axis) > 1).map((axis) =>
    layout.dcn[axis] === 1 ? `${axis} ${layout.ici[axis]}` : `${axis} ${layout.ici[axis]}x${layout.dcn[axis]}`,
  );
  const { capacityBytes, peakBytes } = step.closedForm.memory;
  const fit = peakBytes <= capacityBytes ? `${formatShare(peakBytes / capacityBytes)} of` : 'does not fit into';
  return [
    '',
    `${sliceName(scenario)}: ${step.devices} devices; ${axes.length === 0 ? 'one device has all' : axes.join(', ')}`,
    workloadLine(scenario),
    '',
    ...termLines(step),
    '',
    `memory ${formatBytes(peakBytes)}, ${fit} ${formatBytes(capacityBytes)} of a device`,
    ...listed(step.closedForm.memory.parts.map(({ name, bytes }) => [`  ${name}`, formatBytes(bytes), formatShare(bytes / peakBytes)])),
    ...collectiveLines(step),
    ...intensityLines(step),
  ];
}

/** What the step is one of, and what its backward pass makes again. */
function workloadLine({ model, workload }: Scenario): string {
  const { kind, sequences, sequenceLength, targetLength, optimizer, remat } = workload;
  const length = model.family === 'encoder-decoder' ? `${sequenceLength} + ${targetLength}` : String(sequenceLength);
  const step = `${kind}: ${sequences} sequences of ${length} tokens`;
  if (!learns(workload)) return step;
  const placed = Object.keys(remat.tensors).length;
  const tensors = placed === 0 ? '' : ` with ${placed} ${placed === 1 ? 'tensor' : 'tensors'} placed`;
  const layers = (remat.layers ?? 1) === 1 ? '' : `, ${remat.layers} layers together`;
  return `${step}, ${optimizer}, remat ${remat.policy}${tensors}${layers}`;
}

function termLines({ stepSeconds, mfu, hfu, utilisationNote: note, closedForm: closed, partSeconds }: StepFacts): string[] {
  const share = (name: string, seconds: number): string[] => [`  ${name}`, formatSeconds(seconds), formatShare(seconds / stepSeconds)];
  const parts = Object.entries(partSeconds)
    .sort(([, a], [, b]) => b - a)
    .map(([part, seconds]) => share(part, seconds));
  const rest = [
    share('exposed communication', closed.exposedCommunicationSeconds),
    share('exposed host copies', closed.exposedHostSeconds),
    share('pipeline bubble', closed.bubbleSeconds),
  ];
  return [
    `step ${formatSeconds(stepSeconds)}, MFU ${formatShare(mfu)}, HFU ${formatShare(hfu)} (closed form)`,
    ...(note === '' ? [] : [`  MFU and HFU ${note}`]),
    ...alignedTable(
      [...parts, ...rest].filter(([, seconds]) => seconds !== '0 s'),
      [1, 2],
    ),
  ];
}

function collectiveLines({ closedForm: { collectives } }: StepFacts): string[] {
  if (collectives.length === 0) return [];
  const rows = collectives
    .toSorted((a, b) => b.seconds - a.seconds)
    .map((row) => [
      `  ${collectiveName(row)}`,
      row.group,
      String(row.count),
      formatBytes(row.sentBytes),
      formatSeconds(row.seconds),
      formatSeconds(row.exposedSeconds),
    ]);
  const head = ['sent by a device', 'axes', 'times', 'bytes', 'time', 'exposed'];
  return ['', ...alignedTable([head, ...rows.slice(0, MOST_ROWS)], [2, 3, 4, 5])];
}

/** What it is for and what it is, each said once: `weight all-gather`, `all-to-all`. Both in full would not leave room for what is exposed. */
function collectiveName({ part, kind }: StepFacts['closedForm']['collectives'][number]): string {
  return part.includes(kind) ? part : `${part.split(' ')[0]} ${kind}`;
}

/** A product waits for HBM, and a device for its wires, where it has fewer FLOPs per byte than is needed. */
function intensityLines({ products, axes, chipFlopsPerHbmByte }: StepFacts): string[] {
  const row = (name: string, has: number, needs: number): string[] => [
    `  ${name}`,
    has.toFixed(0),
    needs.toFixed(0),
    has < needs ? 'below' : '',
  ];
  return [
    '',
    ...alignedTable(
      [
        ['FLOPs per byte', 'has', 'needs', ''],
        ...products.slice(0, MOST_ROWS).map(({ part, flopsPerHbmByte }) => row(`HBM, ${part}`, flopsPerHbmByte, chipFlopsPerHbmByte)),
        ...axes
          .slice(0, MOST_ROWS)
          .map(({ group, flopsPerByte, neededFlopsPerByte }) => row(`wires, ${group}`, flopsPerByte, neededFlopsPerByte)),
      ],
      [1, 2],
    ),
  ];
}

function listed(rows: readonly (readonly string[])[]): string[] {
  const more = rows.length - MOST_ROWS;
  return [...alignedTable(rows.slice(0, MOST_ROWS), [1, 2]), ...(more > 0 ? [`  and ${more} smaller`] : [])];
}

import { formatNumber, formatSeconds, formatShare, type TrainingResult, trainingFigures } from '../../result/index.ts';
import type { ChartSpec, CurvesView } from '../chart-spec.ts';
import { type ColourRole, seriesRole } from '../palette.ts';
import { thinned, thinnedWords } from './thin.ts';

/** More lines than the palette tells apart are parted into views. */
const MOST_LINES = 8;
/** Rounding of cumulative seconds. */
const SAME_TIME = 1e-6;

interface Curve {
  readonly name: string;
  readonly role: ColourRole;
  readonly values: readonly number[];
}

/** Curves of one value a step. */
function view(
  label: string,
  finding: string,
  unit: string,
  valueAxis: string,
  curves: readonly Curve[],
  places: readonly number[],
): CurvesView {
  return {
    kind: 'curves',
    label,
    finding,
    table: {
      columns: [{ label: 'Step', unit: '' }, ...curves.map(({ name }) => ({ label: name, unit }))],
      rows: places.map((at) => [at + 1, ...curves.map(({ values }) => values[at])]),
    },
    x: 0,
    xAxis: { label: 'Step', unit: '' },
    valueAxis: { label: valueAxis, unit },
    fromZero: unit !== '',
    series: curves.map(({ role }, i) => ({ column: i + 1, role })),
    references: [],
  };
}

/** Share of the choices without a slot, of each Switch layer; null where there is none. */
export function dropCurves(result: TrainingResult): ChartSpec | null {
  const { layers, losses } = result;
  if (layers.length === 0 || losses.length === 0) return null;
  const curves = layers.map(({ layer, dropRates }, i) => ({ name: `layer ${layer}`, role: seriesRole(i), values: dropRates }));
  const all = { name: 'all Switch layers', role: 'dropped', values: result.dropRates } as const;
  const groups = curves.length <= MOST_LINES ? [curves] : [[all], ...curves.map((curve) => [{ ...curve, role: 'dropped' as const }])];
  const drawn = groups.map((group) => thinned(group.map(({ values }) => values)));
  const most = Math.max(...drawn.map((places) => places.length));
  return {
    id: 'drops',
    title: 'Dropped choices',
    shows: `Share of the choices that found no slot at the expert they asked for, in each step. Their tokens go on by the residual path alone.${thinnedWords(losses.length, most)}`,
    width: 'half',
    choose: 'Layer',
    views: groups.map((group, i) =>
      view(
        groups.length === 1 ? 'each Switch layer' : group[0].name,
        dropFinding(result),
        'fraction',
        'Dropped share of the choices',
        group,
        drawn[i],
      ),
    ),
  };
}

function dropFinding(result: TrainingResult): string {
  const { lateDropRate, lateSteps } = trainingFigures(result);
  const { dropRates } = result;
  if (dropRates.every((rate) => rate === 0)) return 'Nothing is dropped in any step.';
  const highest = dropRates.reduce((top, rate, at) => (rate > dropRates[top] ? at : top), 0);
  return `${formatShare(lateDropRate)} over the last ${lateSteps === 1 ? 'step' : `${formatNumber(lateSteps)} steps`}; the most is ${formatShare(dropRates[highest])}, in step ${formatNumber(highest + 1)}.`;
}

/** What both losses of the routers add to the loss; one that is always 0 is not drawn. */
export function routerLossCurves(result: TrainingResult): ChartSpec[] {
  const both = [
    {
      id: 'auxiliary-loss',
      title: 'Load-balancing loss',
      values: result.auxiliaryLosses,
      shows: 'What is added to the loss so that routers use all experts alike, its coefficient included.',
    },
    {
      id: 'z-loss',
      title: 'Router z-loss',
      values: result.zLosses,
      shows: 'What is added to the loss so that the logits of the routers stay small, its coefficient included.',
    },
  ] as const;
  return both.flatMap(({ id, title, values, shows }): ChartSpec[] => {
    if (values.every((value) => value === 0)) return [];
    const places = thinned([values]);
    const curve: Curve = { name: title, role: 'recompute', values };
    const finding = `From ${formatNumber(values[0])} in the first step to ${formatNumber(values[values.length - 1])} in the last.`;
    return [
      {
        id,
        title,
        shows: shows + thinnedWords(values.length, places.length),
        width: 'half',
        choose: '',
        views: [view('Loss', finding, '', 'Nats a byte', [curve], places)],
      },
    ];
  });
}

/** Simulated time of each step; null where all steps take the same. */
export function stepTimes({ simulatedSeconds }: TrainingResult): ChartSpec | null {
  const times = simulatedSeconds.map((end, step) => end - (simulatedSeconds[step - 1] ?? 0));
  const lowest = times.reduce((low, time) => Math.min(low, time), Number.POSITIVE_INFINITY);
  const highest = times.reduce((high, time) => Math.max(high, time), 0);
  if (times.length < 2 || highest - lowest <= SAME_TIME * highest) return null;
  const places = thinned([times]);
  return {
    id: 'step-times',
    title: 'Simulated time of each step',
    shows: `What the pod takes for the load that the routers of that step gave its cores.${thinnedWords(times.length, places.length)}`,
    width: 'half',
    choose: '',
    views: [
      view(
        'Seconds',
        `Between ${formatSeconds(lowest)} and ${formatSeconds(highest)}.`,
        's',
        'Simulated time',
        [{ name: 'Step time', role: 'compute', values: times }],
        places,
      ),
    ],
  };
}

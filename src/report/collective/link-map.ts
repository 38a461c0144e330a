import {
  type CollectiveResult,
  directionName,
  formatNumber,
  formatShare,
  type LinkPlace,
  type LinkUse,
  linkName,
} from '../../result/index.ts';
import type { Cell, ChartSpec, ChartView, LinksView, PlanesView } from '../chart-spec.ts';

/** Up to so many chips every link is an arrow; beyond, a cell per chip for each direction. */
const MOST_DRAWN_CHIPS = 256;
/** Digits of a share in the data of a large picture: more than its colours tell apart. */
const DIGITS = 4;

/** The links between chips by what they were used; broken wires are there too, marked. Null where there are none. */
export function linkMap(result: CollectiveResult): ChartSpec | null {
  const { wires } = result;
  const between = result.links.rows.filter(({ kind }) => kind === 'ici');
  if (between.length === 0) return null;
  const asArrows = wires.chips <= MOST_DRAWN_CHIPS;
  return {
    id: 'link-map',
    title: 'Use of the links between chips',
    shows: asArrows ? arrowWords(result) : planeWords(result),
    width: 'full',
    choose: 'Slice',
    views: asArrows ? arrowViews(result, between) : [planes(result, between)],
  };
}

function arrowWords({ wires, brokenLinks }: CollectiveResult): string {
  const around = wires.wrap.some(Boolean)
    ? ` A link around the ring of a closed side is a stub at the edge${wires.twisted ? ', and where the torus is twisted it ends in another row or plane' : ''}.`
    : '';
  const depth = wires.shape.length > 2 ? ' Each plane stands for one z; links between planes are slanted stubs.' : '';
  const broken = brokenLinks.length > 0 ? ' A broken wire is dashed.' : '';
  return `Chips on their grid, one arrow per directed link; the darker (on a dark page: the brighter) the arrow, the more of its bandwidth was used.${around}${depth}${broken}`;
}

function planeWords({ wires, brokenLinks }: CollectiveResult): string {
  const planesOf = wires.shape.length > 2 ? `, z from 0 to ${wires.shape[2] - 1} plane by plane, row by row` : '';
  const broken = brokenLinks.length > 0 ? ' A broken wire is a crossed cell.' : '';
  return `One picture per direction, one cell per chip (x to the right, y downwards${planesOf}${wires.slices > 1 ? ', slice after slice' : ''}): the use of the link that leaves the chip in that direction. Cells without a link are empty.${broken}`;
}

/** One view per slice. */
function arrowViews(result: CollectiveResult, between: readonly LinkUse[]): ChartView[] {
  const { wires, brokenLinks } = result;
  const perSlice = wires.chips / wires.slices;
  const top = between.reduce((most, { utilisation }) => Math.max(most, utilisation), 0);
  return Array.from({ length: wires.slices }, (_, slice): LinksView => {
    const here = ({ from }: LinkPlace) => Math.floor(from / perSlice) === slice;
    const place = ({ from, to, axis, direction }: LinkPlace): Cell[] => [
      from - slice * perSlice,
      to - slice * perSlice,
      'xyz'[axis],
      direction,
    ];
    return {
      kind: 'links',
      label: wires.slices === 1 ? 'Utilisation' : `Slice ${slice}`,
      finding: finding(result, between),
      table: {
        columns: ['From chip', 'To chip', 'Axis', 'Direction', 'Bytes', 'Utilisation'].map((label) => ({
          label,
          unit: UNITS[label] ?? '',
        })),
        rows: [
          ...between.filter(here).map((use) => [...place(use), use.bytes, use.utilisation]),
          ...brokenLinks.filter(here).map((broken) => [...place(broken), 'none', 'broken']),
        ],
      },
      shape: wires.shape,
      wrap: wires.wrap,
      devicesPerChip: wires.devicesPerChip,
      from: 0,
      to: 1,
      axis: 2,
      direction: 3,
      value: 5,
      top,
    };
  });
}

const UNITS: Readonly<Record<string, string>> = { Bytes: 'B', Utilisation: 'fraction' };

function planes(result: CollectiveResult, between: readonly LinkUse[]): PlanesView {
  const { wires } = result;
  const { shape, chips } = wires;
  const directions = shape.flatMap((side, axis) => (side === 1 ? [] : [1, -1].map((direction) => ({ axis, direction }))));
  const columnOf = ({ axis, direction }: Pick<LinkPlace, 'axis' | 'direction'>): number =>
    1 + directions.findIndex((one) => one.axis === axis && one.direction === direction);
  const rows: Cell[][] = Array.from({ length: chips }, (_, chip) => [chip, ...directions.map(() => '')]);
  for (const use of between) rows[use.from][columnOf(use)] = Number(use.utilisation.toPrecision(DIGITS));
  for (const broken of result.brokenLinks) rows[broken.from][columnOf(broken)] = 'broken';
  return {
    kind: 'planes',
    label: 'Utilisation',
    finding: finding(result, between),
    table: {
      columns: [
        { label: 'Chip', unit: '' },
        ...directions.map((one) => ({ label: directionName({ ...one, from: 0, to: 0 }), unit: 'fraction' })),
      ],
      rows,
    },
    shape,
    slices: wires.slices,
    top: between.reduce((most, { utilisation }) => Math.max(most, utilisation), 0),
  };
}

function finding(result: CollectiveResult, between: readonly LinkUse[]): string {
  const busiest = between.reduce((best, use) => (use.utilisation > best.utilisation ? use : best));
  const { min, mean, max } = result.linkKinds.find(({ kind }) => kind === 'ici') ?? result.linkUtilisation;
  const count = formatNumber(between.length);
  if (max - min <= 5e-5 * max) return `All ${count} links are used alike: ${formatShare(max)} of what they could carry in that time.`;
  return `The busiest link, ${linkName(busiest, result.wires)}, is used ${formatShare(max)}; the ${count} links together ${formatShare(mean)}, the idlest ${formatShare(min)}.`;
}

/**
 * Colours by meaning, for light and dark pages. Bars and lines keep a contrast of at least 3:1 against the page (WCAG 2.2, 1.4.11)
 * and stay apart under the common colour vision deficiencies; neighbours in a stack are also parted by a line of the page's colour.
 * The categorical series follow Paul Tol's "muted" scheme (SRON technical note, issue 3.2, 2021), lightened or darkened to the contrast.
 */
export type Theme = 'light' | 'dark';

interface Shade {
  readonly light: string;
  readonly dark: string;
}

const ROLES = {
  fw: { light: '#12436d', dark: '#4a90d9' },
  agrad: { light: '#2073bc', dark: '#86b9ee' },
  wgrad: { light: '#5694ca', dark: '#c5dcf5' },
  recompute: { light: '#7558a6', dark: '#b79be0' },
  optim: { light: '#1d8a80', dark: '#4cc4b8' },
  compute: { light: '#2073bc', dark: '#5b9fe0' },
  exposed: { light: '#d9570f', dark: '#ff8a4c' },
  wait: { light: '#868c95', dark: '#8b929c' },
  kept: { light: '#2073bc', dark: '#5b9fe0' },
  dropped: { light: '#d9570f', dark: '#ff8a4c' },
  memory: { light: '#1d8a80', dark: '#4cc4b8' },
  exact: { light: '#868c95', dark: '#8b929c' },
  limit: { light: '#a3123a', dark: '#ff7a93' },
  series0: { light: '#332288', dark: '#9a8dff' },
  series1: { light: '#2f8fb5', dark: '#88ccee' },
  series2: { light: '#cc6677', dark: '#f08a9b' },
  series3: { light: '#117733', dark: '#5fbf6e' },
  series4: { light: '#9c7d12', dark: '#ddcc77' },
  series5: { light: '#882255', dark: '#e0679f' },
  series6: { light: '#2f8f83', dark: '#44aa99' },
  series7: { light: '#aa4499', dark: '#cc77cc' },
  other: { light: '#868c95', dark: '#8b929c' },
} as const satisfies Record<string, Shade>;

export type ColourRole = keyof typeof ROLES;

export const COLOUR_ROLES = Object.keys(ROLES) as readonly ColourRole[];

const SERIES: readonly ColourRole[] = ['series0', 'series1', 'series2', 'series3', 'series4', 'series5', 'series6', 'series7'];

/** Colour of the i-th of many things without a meaning of their own; all beyond the eighth share one grey. */
export function seriesRole(index: number): ColourRole {
  return SERIES[index] ?? 'other';
}

/** Role of the i-th of many lines: those beyond the eighth have the colours again, dashed. */
export function lineOf(index: number): { readonly role: ColourRole; readonly dashed?: true } {
  const role = SERIES[index % SERIES.length];
  return index < SERIES.length ? { role } : { role, dashed: true };
}

export function colour(role: ColourRole, theme: Theme): string {
  return ROLES[role][theme];
}

/** The page itself: paper, ink and lines, and two inks for changes; text keeps 4.5:1 (WCAG 2.2, 1.4.3). */
export const PAGE_COLOURS = {
  light: {
    paper: '#fcfcfa',
    card: '#ffffff',
    ink: '#1a1f26',
    muted: '#5a626d',
    line: '#dcdfe3',
    grid: '#e7e9ec',
    accent: '#0f5ea8',
    code: '#f3f4f2',
    worse: '#b0400a',
    better: '#136a63',
  },
  dark: {
    paper: '#121518',
    card: '#191d21',
    ink: '#e6e9ec',
    muted: '#a3abb5',
    line: '#343a41',
    grid: '#2a3036',
    accent: '#7db8f2',
    code: '#20252a',
    worse: '#ff8a4c',
    better: '#4cc4b8',
  },
} as const satisfies Record<Theme, Record<string, string>>;

/** Ends and middle of the sequential scale of heat maps, from nothing to the busiest; lightness falls (rises when dark) along it. */
const HEAT: Record<Theme, readonly (readonly [number, number, number])[]> = {
  light: [
    [232, 236, 240],
    [110, 170, 205],
    [24, 98, 157],
    [20, 35, 86],
  ],
  dark: [
    [38, 44, 51],
    [38, 88, 140],
    [80, 165, 205],
    [232, 240, 190],
  ],
};

/** Colour of `share` (clamped to 0..1) on the sequential scale, as red, green, blue in 0..255. */
export function heat(share: number, theme: Theme): readonly [number, number, number] {
  const stops = HEAT[theme];
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(at));
  const a = stops[low] ?? [0, 0, 0];
  const b = stops[low + 1] ?? a;
  const mix = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * (at - low));
  return [mix(0), mix(1), mix(2)];
}

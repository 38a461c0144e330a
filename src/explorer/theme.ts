import { type ColourRole, colour, heat, PAGE_COLOURS, type Theme } from '../report/index.ts';

/** What a drawing needs to know about the page's colours at this moment. */
export interface Paint {
  readonly theme: Theme;
  readonly role: (role: ColourRole) => string;
  readonly heat: (share: number) => string;
  readonly heatRgb: (share: number) => readonly [number, number, number];
  readonly page: (typeof PAGE_COLOURS)[Theme];
}

export function paintOf(theme: Theme): Paint {
  return {
    theme,
    role: (role) => colour(role, theme),
    heat: (share) => `rgb(${heat(share, theme).join(' ')})`,
    heatRgb: (share) => heat(share, theme),
    page: PAGE_COLOURS[theme],
  };
}

/** Calls `redraw` now and whenever the reader's system changes between light and dark; paper is always light. */
export function followTheme(redraw: (paint: Paint) => void): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let shown: Theme | null = null;
  const show = (theme: Theme): void => {
    // A page that is already right keeps its windows and orders.
    if (theme !== shown) redraw(paintOf(theme));
    shown = theme;
  };
  const current = (): Theme => (dark.matches ? 'dark' : 'light');
  show(current());
  dark.addEventListener('change', () => show(current()));
  addEventListener('beforeprint', () => show('light'));
  addEventListener('afterprint', () => show(current()));
}

/** Black or white, whichever reads better on `hex` (WCAG relative luminance, with the usual 0.179 as the point of equal contrast). */
export function inkOn(hex: string): string {
  const channel = (at: number): number => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) > 0.179 ? '#000000' : '#ffffff';
}

/** Creates an element with attributes and children; text children stay text. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function svgElement<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** A labelled drop-down list; calls back with the index of the chosen option. */
export function select(label: string, options: readonly string[], chosen: number, onChange: (index: number) => void): HTMLElement {
  const list = element('select', {}, ...options.map((text, i) => element('option', { value: String(i) }, text)));
  list.selectedIndex = chosen;
  list.addEventListener('change', () => onChange(list.selectedIndex));
  return element('label', {}, label, list);
}

/** The part of the page that a figure's script fills, which the report has written. */
export function part(figure: Element, selector: string): HTMLElement {
  const found = figure.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`the figure ${figure.id} has no ${selector}`);
  return found;
}

/** A 2-D context of a canvas that is `width` by `height` CSS pixels and sharp on dense screens. */
export function sharpContext(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const density = devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser gives no 2-D canvas');
  context.scale(density, density);
  return context;
}

/** A window on a span of time: two sliders, jumps to the stages of the step, and an overview to drag in. */
import { element } from './elements.ts';

export interface TimeWindow {
  readonly start: number;
  readonly end: number;
}

interface Stage extends TimeWindow {
  readonly name: string;
}

const ZOOM_STEPS = 100;
/** The narrowest window is this share of the whole. */
const NARROWEST = 1 / 2000;

export interface WindowControls {
  readonly elements: readonly HTMLElement[];
  /** Moves the window's centre, for example to where the reader dragged. */
  readonly centre: (time: number) => void;
}

export function windowControls(total: number, stages: readonly Stage[], onChange: (window: TimeWindow) => void): WindowControls {
  const position = slider('Position', 1000, 500);
  const zoom = slider('Zoom', ZOOM_STEPS, 0);
  let middle = total / 2;
  const length = (): number => total * NARROWEST ** (Number(zoom.input.value) / ZOOM_STEPS);
  const emit = (): void => {
    const half = length() / 2;
    const centre = Math.min(total - half, Math.max(half, middle));
    onChange({ start: centre - half, end: centre + half });
  };
  const centre = (time: number): void => {
    middle = Math.min(total, Math.max(0, time));
    position.input.value = String((middle / total) * 1000);
    emit();
  };
  const jump = (to: TimeWindow): void => {
    const share = Math.min(1, Math.max(NARROWEST, (to.end - to.start) / total));
    zoom.input.value = String((Math.log(share) / Math.log(NARROWEST)) * ZOOM_STEPS);
    centre((to.start + to.end) / 2);
  };
  position.input.addEventListener('input', () => centre((Number(position.input.value) / 1000) * total));
  zoom.input.addEventListener('input', emit);
  const buttons = [{ name: 'Whole step', start: 0, end: total }, ...stages].map((stage) => {
    const button = element('button', { type: 'button' }, stage.name);
    button.addEventListener('click', () => jump(stage));
    return button;
  });
  return { elements: [position.label, zoom.label, ...buttons], centre };
}

function slider(name: string, max: number, value: number): { readonly label: HTMLElement; readonly input: HTMLInputElement } {
  const input = element('input', { type: 'range', min: '0', max: String(max), step: 'any', value: String(value) });
  return { label: element('label', { class: 'wide' }, name, input), input };
}

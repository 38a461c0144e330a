import { element } from './elements.ts';

/** A small box that follows the pointer inside `host`; `textAt` says what stands under it, or null. Returns the remover. */
export function addHover(host: HTMLElement, target: Element, textAt: (event: PointerEvent) => readonly string[] | null): () => void {
  const box = element('div', { class: 'hover', hidden: '' });
  host.append(box);
  const move = (event: Event): void => {
    if (!(event instanceof PointerEvent)) return;
    const lines = textAt(event);
    box.hidden = lines === null;
    if (lines === null) return;
    box.replaceChildren(...lines.map((line) => element('div', {}, line)));
    const area = host.getBoundingClientRect();
    const left = event.clientX - area.left + 14;
    // Beside the pointer, or on its other side where the box would leave the figure.
    box.style.left = `${Math.max(0, left + box.offsetWidth > area.width ? left - box.offsetWidth - 28 : left)}px`;
    box.style.top = `${event.clientY - area.top + 12}px`;
  };
  const leave = (): void => {
    box.hidden = true;
  };
  target.addEventListener('pointermove', move);
  target.addEventListener('pointerleave', leave);
  return () => {
    target.removeEventListener('pointermove', move);
    target.removeEventListener('pointerleave', leave);
    box.remove();
  };
}

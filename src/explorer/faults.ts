import { element } from './elements.ts';

/** Says on the page what went wrong, where the reader looks for the picture. */
export function reportFault(place: Element, message: string): void {
  place.append(element('p', { class: 'fault' }, message));
}

/** Whatever no figure has caught is shown at the top of the page. */
export function watchFaults(): void {
  const place = document.querySelector('#faults') ?? document.body;
  addEventListener('error', (event) => reportFault(place, `The page's script failed: ${event.message}`));
  addEventListener('unhandledrejection', (event) => reportFault(place, `The page's script failed: ${String(event.reason)}`));
}

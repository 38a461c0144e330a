/** What one core of a laptop simulates, about. */
const EVENTS_PER_SECOND = 5e6;
const SHORTEST_SECONDS = 5;

/** Said before hop by hop goes to work without turns for long; empty where it does not. */
export function hopNote(events: number): string {
  const seconds = events / EVENTS_PER_SECOND;
  if (seconds <= SHORTEST_SECONDS) return '';
  return `hop: up to ${Math.round(events / 1e6)} million events, about ${Math.round(seconds)} s; a larger --chunk or --network fluid is faster\n`;
}

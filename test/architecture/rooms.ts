/** Layer of each room; a room imports only rooms of lower layers. */
export const LAYERS: Readonly<Record<string, number>> = {
  base: 0,
  hardware: 1,
  model: 1,
  routing: 2,
  collectives: 2,
  layout: 2,
  scenario: 3,
  network: 3,
  program: 4,
  analytic: 5,
  engine: 5,
  kernels: 5,
  emulate: 6,
  result: 6,
  study: 7,
  plan: 8,
  validation: 8,
  report: 8,
  intake: 9,
  cluster: 9,
  explorer: 9,
  cli: 10,
};

/** Rooms that may know Node or the DOM; all others are the core. */
export const OUTER_ROOMS: readonly string[] = ['intake', 'cluster', 'explorer', 'cli'];

export const CORE_ROOMS: readonly string[] = Object.keys(LAYERS).filter((room) => !OUTER_ROOMS.includes(room));

/** Packages that a room of the core may import. */
export const CORE_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  result: ['simple-statistics'],
  report: ['protobufjs/minimal', 'protobufjs/minimal.js'],
};

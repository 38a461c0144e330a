import type { Schedule } from '../../src/collectives/index.ts';
import type { Topology } from '../../src/hardware/index.ts';

/**
 * Runs a schedule on sets instead of numbers: what a device has of a piece is the set of terms in it, one bit per device. Adding what arrives needs
 * disjoint sets, so a term that comes twice is found; a copy takes the place of what was there. A message carries what its sender had at the start
 * and what the messages brought that it waits for, and nothing else, so a wait that is missing leaves a sum short, in any order of arrival.
 */
export interface SymbolicRun {
  /** What is wrong; empty when every target ends with its pieces, whole. */
  readonly faults: readonly string[];
  /** Pairs of device and piece whose end was checked, and messages that ran. */
  readonly checked: number;
  readonly ran: number;
}

export function symbolicRun(schedule: Schedule, devices: Uint32Array): SymbolicRun {
  const { messages, pieces } = schedule;
  const faults: string[] = [];
  const bitOf = new Map(Array.from(devices, (device, i) => [device, 1n << BigInt(i)]));
  const everyone = (1n << BigInt(devices.length)) - 1n;
  const atStart = (device: number, piece: number): bigint =>
    pieces.source[piece] < 0 || pieces.source[piece] === device ? (bitOf.get(device) ?? 0n) : 0n;
  const arrivals = new Map<string, number[]>();
  const carried: Map<number, bigint>[] = [];

  /** What a device has after some messages have arrived, the sums before the copies. */
  const held = (device: number, piece: number, arrived: readonly number[]): bigint => {
    let terms = atStart(device, piece);
    for (const message of arrived) {
      const more = carried[message].get(piece) ?? 0n;
      if (messages.combines[message] === 0) continue;
      if ((terms & more) !== 0n) faults.push(`message ${message} adds terms of piece ${piece} twice at device ${device}`);
      terms |= more;
    }
    const copies = arrived.filter((message) => messages.combines[message] === 0).map((message) => carried[message].get(piece) ?? 0n);
    if (new Set(copies).size > 1) faults.push(`device ${device} gets different copies of piece ${piece}`);
    return copies[0] ?? terms;
  };

  for (let message = 0; message < messages.count; message++) {
    const sender = messages.from[message];
    const waits = Array.from(messages.after.subarray(messages.afterOffsets[message], messages.afterOffsets[message + 1]));
    if (waits.some((other) => other >= message)) faults.push(`message ${message} waits for a later one`);
    if (waits.some((other) => messages.to[other] !== sender)) faults.push(`message ${message} waits for what does not come to its sender`);
    const terms = new Map<number, bigint>();
    for (const piece of messages.pieces.subarray(messages.pieceOffsets[message], messages.pieceOffsets[message + 1])) {
      const brought = waits.filter((other) => carried[other]?.has(piece));
      const content = held(sender, piece, brought);
      if (content === 0n) faults.push(`message ${message} has nothing of piece ${piece} to send`);
      terms.set(piece, content);
      const key = `${messages.to[message]} ${piece}`;
      arrivals.set(key, [...(arrivals.get(key) ?? []), message]);
    }
    carried.push(terms);
  }

  let checked = 0;
  for (let piece = 0; piece < pieces.count; piece++) {
    const whole = pieces.source[piece] < 0 ? everyone : (bitOf.get(pieces.source[piece]) ?? 0n);
    for (const device of devices) {
      if (pieces.target[piece] >= 0 && pieces.target[piece] !== device) continue;
      checked++;
      const end = held(device, piece, arrivals.get(`${device} ${piece}`) ?? []);
      if (end !== whole) faults.push(`device ${device} ends with terms ${end.toString(2)} of piece ${piece}, not ${whole.toString(2)}`);
    }
  }
  return { faults, checked, ran: messages.count };
}

/** Routes lead from sender to receiver, messages weigh what their pieces weigh; returns what is wrong. */
export function routeFaults({ messages, routes, pieces }: Schedule, { links, devicesPerChip }: Topology): string[] {
  const faults: string[] = [];
  for (let message = 0; message < messages.count; message++) {
    let here = Math.floor(messages.from[message] / devicesPerChip);
    const route = messages.route[message];
    for (const link of routes.links.subarray(routes.offsets[route], routes.offsets[route + 1])) {
      if (links.from[link] !== here) faults.push(`route ${route} has a gap at link ${link}`);
      here = links.to[link];
    }
    if (here !== Math.floor(messages.to[message] / devicesPerChip)) faults.push(`route ${route} of message ${message} ends elsewhere`);
    const carried = messages.pieces.subarray(messages.pieceOffsets[message], messages.pieceOffsets[message + 1]);
    const bytes = carried.reduce((sum, piece) => sum + pieces.bytes[piece], 0);
    if (Math.abs(bytes - messages.bytes[message]) > 1e-9 * bytes) faults.push(`message ${message} does not weigh what its pieces weigh`);
  }
  return faults;
}

/** [links] and [chips]: bytes over every link, and between devices of a chip, counted message by message. */
export function scheduleLoads({ messages, routes }: Schedule, topology: Topology): { links: Float64Array; chips: Float64Array } {
  const links = new Float64Array(topology.links.count);
  const chips = new Float64Array(topology.chips);
  for (let message = 0; message < messages.count; message++) {
    const route = messages.route[message];
    const way = routes.links.subarray(routes.offsets[route], routes.offsets[route + 1]);
    for (const link of way) links[link] += messages.bytes[message];
    if (way.length === 0) chips[Math.floor(messages.from[message] / topology.devicesPerChip)] += messages.bytes[message];
  }
  return { links, chips };
}

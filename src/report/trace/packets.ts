/** Perfetto's packets, as far as a simulated step needs them, with names, categories and annotation names interned. */
import protobuf from 'protobufjs/minimal.js';

/** Field numbers of google/perfetto, protos/perfetto/trace (trace.proto, trace_packet.proto, track_event/*.proto), read in 2026. */
const TRACE = { packet: 1 } as const;
const PACKET = { timestamp: 8, sequenceId: 10, trackEvent: 11, internedData: 12, sequenceFlags: 13, trackDescriptor: 60 } as const;
const DESCRIPTOR = {
  uuid: 1,
  name: 2,
  process: 3,
  thread: 4,
  parentUuid: 5,
  counter: 8,
  childOrdering: 11,
  siblingOrderRank: 12,
  processOrdering: 19,
} as const;
const PROCESS = { pid: 1, name: 6 } as const;
const THREAD = { pid: 1, tid: 2, name: 5 } as const;
const COUNTER = { unit: 3, unitName: 6 } as const;
const EVENT = { categoryIids: 3, debugAnnotations: 4, type: 9, nameIid: 10, trackUuid: 11, doubleCounterValue: 44 } as const;
const ANNOTATION = { nameIid: 1, doubleValue: 5, stringValue: 6 } as const;
const INTERNED = { eventCategories: 1, eventNames: 2, debugAnnotationNames: 3 } as const;
const INTERNED_NAME = { iid: 1, name: 2 } as const;

const TYPE = { begin: 1, end: 2, counter: 4 } as const;
const EXPLICIT_CHILDREN = 3;
const EXPLICIT_PROCESSES = 1;
const UNIT_SIZE_BYTES = 3;
const STATE_CLEARED = 1;
const NEEDS_STATE = 2;
const SEQUENCE = 1;
const PICOSECONDS_PER_NANOSECOND = 1000;

/** Wire types of the protobuf encoding. */
const WIRE = { varint: 0, fixed64: 1, bytes: 2 } as const;

type Annotation = readonly [name: string, value: number | string];
type InternedTable = keyof typeof INTERNED;

/** Lives as long as one trace is written: it remembers which names it has already sent. */
export class PacketWriter {
  readonly #out = protobuf.Writer.create();
  readonly #ids: Record<InternedTable, Map<string, number>> = {
    eventCategories: new Map(),
    eventNames: new Map(),
    debugAnnotationNames: new Map(),
  };
  #fresh: { readonly table: InternedTable; readonly id: number; readonly name: string }[] = [];
  #started = false;

  /** The trace's root, whose one purpose is that processes keep the order of their ranks; comes first. */
  rootTrack(): void {
    this.#descriptor(0, 'step', 0, (w) => w.uint32(tag(DESCRIPTOR.processOrdering, WIRE.varint)).int32(EXPLICIT_PROCESSES));
  }

  processTrack(uuid: number, device: number, name: string): void {
    this.#descriptor(uuid, name, device, (w) => {
      // Process identifiers count from 1: 0 is the idle process to Perfetto.
      w.uint32(tag(DESCRIPTOR.process, WIRE.bytes)).fork();
      w.uint32(tag(PROCESS.pid, WIRE.varint)).int32(device + 1);
      w.uint32(tag(PROCESS.name, WIRE.bytes)).string(name).ldelim();
      w.uint32(tag(DESCRIPTOR.childOrdering, WIRE.varint)).int32(EXPLICIT_CHILDREN);
    });
  }

  threadTrack(uuid: number, parent: number, device: number, name: string): void {
    this.#descriptor(uuid, name, 0, (w) => {
      w.uint32(tag(DESCRIPTOR.parentUuid, WIRE.varint)).uint64(parent);
      w.uint32(tag(DESCRIPTOR.thread, WIRE.bytes)).fork();
      w.uint32(tag(THREAD.pid, WIRE.varint)).int32(device + 1);
      w.uint32(tag(THREAD.tid, WIRE.varint)).int32(device + 1);
      w.uint32(tag(THREAD.name, WIRE.bytes)).string(name).ldelim();
    });
  }

  track(uuid: number, parent: number, name: string, rank: number): void {
    this.#descriptor(uuid, name, rank, (w) => w.uint32(tag(DESCRIPTOR.parentUuid, WIRE.varint)).uint64(parent));
  }

  counterTrack(
    uuid: number,
    parent: number,
    name: string,
    unit: { readonly bytes: boolean; readonly unitName?: string; readonly rank: number },
  ): void {
    this.#descriptor(uuid, name, unit.rank, (w) => {
      w.uint32(tag(DESCRIPTOR.parentUuid, WIRE.varint)).uint64(parent);
      w.uint32(tag(DESCRIPTOR.counter, WIRE.bytes)).fork();
      if (unit.bytes) w.uint32(tag(COUNTER.unit, WIRE.varint)).int32(UNIT_SIZE_BYTES);
      if (unit.unitName !== undefined) w.uint32(tag(COUNTER.unitName, WIRE.bytes)).string(unit.unitName);
      w.ldelim();
    });
  }

  begin(
    track: number,
    picoseconds: number,
    labels: { readonly name: string; readonly categories: readonly string[] },
    annotations: readonly Annotation[],
  ): void {
    const name = this.#intern('eventNames', labels.name);
    const categories = labels.categories.map((category) => this.#intern('eventCategories', category));
    const named = annotations.map(([key, value]) => [this.#intern('debugAnnotationNames', key), value] as const);
    this.#event(track, picoseconds, TYPE.begin, (w) => {
      w.uint32(tag(EVENT.nameIid, WIRE.varint)).uint64(name);
      for (const category of categories) w.uint32(tag(EVENT.categoryIids, WIRE.varint)).uint64(category);
      for (const [key, value] of named) writeAnnotation(w, key, value);
    });
  }

  end(track: number, picoseconds: number): void {
    this.#event(track, picoseconds, TYPE.end, () => {});
  }

  counter(track: number, picoseconds: number, value: number): void {
    this.#event(track, picoseconds, TYPE.counter, (w) => w.uint32(tag(EVENT.doubleCounterValue, WIRE.fixed64)).double(value));
  }

  finish(): Uint8Array {
    return this.#out.finish();
  }

  #descriptor(uuid: number, name: string, rank: number, rest: (w: protobuf.Writer) => void): void {
    this.#packet((w) => {
      w.uint32(tag(PACKET.trackDescriptor, WIRE.bytes)).fork();
      w.uint32(tag(DESCRIPTOR.uuid, WIRE.varint)).uint64(uuid);
      w.uint32(tag(DESCRIPTOR.name, WIRE.bytes)).string(name);
      w.uint32(tag(DESCRIPTOR.siblingOrderRank, WIRE.varint)).int32(rank);
      rest(w);
      w.ldelim();
    });
  }

  #event(track: number, picoseconds: number, type: number, rest: (w: protobuf.Writer) => void): void {
    this.#packet((w) => {
      w.uint32(tag(PACKET.timestamp, WIRE.varint)).uint64(Math.round(picoseconds / PICOSECONDS_PER_NANOSECOND));
      w.uint32(tag(PACKET.trackEvent, WIRE.bytes)).fork();
      w.uint32(tag(EVENT.type, WIRE.varint)).int32(type);
      w.uint32(tag(EVENT.trackUuid, WIRE.varint)).uint64(track);
      rest(w);
      w.ldelim();
    });
  }

  /** Names that this packet uses for the first time travel with it. */
  #packet(body: (w: protobuf.Writer) => void): void {
    const w = this.#out;
    w.uint32(tag(TRACE.packet, WIRE.bytes)).fork();
    w.uint32(tag(PACKET.sequenceId, WIRE.varint)).uint32(SEQUENCE);
    w.uint32(tag(PACKET.sequenceFlags, WIRE.varint)).uint32(this.#started ? NEEDS_STATE : STATE_CLEARED);
    this.#started = true;
    if (this.#fresh.length > 0) {
      w.uint32(tag(PACKET.internedData, WIRE.bytes)).fork();
      for (const { table, id, name } of this.#fresh) {
        w.uint32(tag(INTERNED[table], WIRE.bytes)).fork();
        w.uint32(tag(INTERNED_NAME.iid, WIRE.varint)).uint64(id);
        w.uint32(tag(INTERNED_NAME.name, WIRE.bytes)).string(name).ldelim();
      }
      w.ldelim();
      this.#fresh = [];
    }
    body(w);
    w.ldelim();
  }

  #intern(table: InternedTable, name: string): number {
    const ids = this.#ids[table];
    const known = ids.get(name);
    if (known !== undefined) return known;
    const id = ids.size + 1;
    ids.set(name, id);
    this.#fresh.push({ table, id, name });
    return id;
  }
}

function writeAnnotation(w: protobuf.Writer, key: number, value: number | string): void {
  w.uint32(tag(EVENT.debugAnnotations, WIRE.bytes)).fork();
  w.uint32(tag(ANNOTATION.nameIid, WIRE.varint)).uint64(key);
  if (typeof value === 'number') w.uint32(tag(ANNOTATION.doubleValue, WIRE.fixed64)).double(value);
  else w.uint32(tag(ANNOTATION.stringValue, WIRE.bytes)).string(value);
  w.ldelim();
}

/** A field's number and wire type, as every protobuf field begins. */
function tag(field: number, wireType: number): number {
  return (field << 3) | wireType;
}

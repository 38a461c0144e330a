import { roundArrayToBf16, widenBf16 } from '../kernels/index.ts';
import { bf16Elements, elementCount, f32Elements, type TensorView } from '../model/index.ts';
import type { Assignment } from '../routing/index.ts';
import type { EmulationJob, ThreadScratch } from './job.ts';
import { counts, sums } from './memory-views.ts';
import { expertsByDevice } from './shards.ts';

const EMPTY = -1;

/**
 * The padded dispatch of one stack under the first variant, executed: for every device that holds experts a send buffer is laid out, every slot of every
 * local expert is filled with its token or with zeros, and the buffer is handed over. What is handed over is what is counted: the length of the
 * buffer, and, where an expert is verified, its slots. `at` is layer row x groups + group row.
 */
export function openDispatch(
  job: EmulationJob,
  buffer: ArrayBufferLike,
  stack: number,
  views: ThreadScratch,
): (at: number, assignment: Assignment) => void {
  const { experts, devices, dModel } = job.request;
  const { expertCapacity } = job.stacks[stack].variants[0];
  const tokenOfSlot = new Int32Array(experts * expertCapacity);
  const receivers = expertsByDevice(experts, devices);
  const slots = openSlots(buffer, views.slots, bf16Elements(buffer, views.tokens), dModel);
  const receive = openReceivers(job, buffer, stack);
  return (at, { token, expert, slot }) => {
    tokenOfSlot.fill(EMPTY);
    for (let row = 0; row < expert.length; row++) {
      if (slot[row] >= 0) tokenOfSlot[expert[row] * expertCapacity + slot[row]] = token[row];
    }
    let first = 0;
    for (let receiver = 0; receiver < receivers.length; receiver++) {
      const count = receivers[receiver].length * expertCapacity;
      const sent = tokenOfSlot.subarray(first, first + count);
      for (let row = 0; row < count; row++) {
        if (sent[row] === EMPTY) slots.clear(row);
        else slots.put(row, sent[row]);
      }
      receive(at, receiver, slots.firstRows(count), sent);
      first += count;
    }
  };
}

/** Slots that travel together: [rows, d]. */
interface SlotBuffer {
  readonly byteLength: number;
  /** Copies the slot in row `row` to `into`, as bf16. */
  readonly read: (row: number, into: Uint16Array) => void;
}

/** A send buffer over `view`, in the precision in which tokens travel. */
function openSlots(buffer: ArrayBufferLike, view: TensorView, tokens: Uint16Array, dModel: number) {
  const token = (index: number): Uint16Array => tokens.subarray(index * dModel, (index + 1) * dModel);
  if (view.dtype === 'bf16') {
    const rows = bf16Elements(buffer, view);
    return {
      clear: (row: number) => rows.fill(0, row * dModel, (row + 1) * dModel),
      put: (row: number, index: number) => rows.set(token(index), row * dModel),
      firstRows: (count: number): SlotBuffer => ({
        byteLength: rows.subarray(0, count * dModel).byteLength,
        read: (row, into) => into.set(rows.subarray(row * dModel, (row + 1) * dModel)),
      }),
    };
  }
  const rows = f32Elements(buffer, view);
  return {
    clear: (row: number) => rows.fill(0, row * dModel, (row + 1) * dModel),
    put: (row: number, index: number) => widenBf16(token(index), rows.subarray(row * dModel, (row + 1) * dModel)),
    firstRows: (count: number): SlotBuffer => ({
      byteLength: rows.subarray(0, count * dModel).byteLength,
      read: (row, into) => roundArrayToBf16(rows.subarray(row * dModel, (row + 1) * dModel), into),
    }),
  };
}

/** What the devices do with a buffer that arrives: count its bytes, and keep the slots of experts that are verified. */
function openReceivers(job: EmulationJob, buffer: ArrayBufferLike, stack: number) {
  const { handedOver } = job.stacks[stack];
  const arrived = sums(buffer, handedOver);
  const receivers = handedOver.shape[2];
  const verified = openVerified(job, buffer, stack);
  return (at: number, receiver: number, slots: SlotBuffer, tokenOfSlot: Int32Array): void => {
    if (elementCount(handedOver.shape) > 0) arrived[at * receivers + receiver] = slots.byteLength;
    for (const keep of verified.get(at) ?? []) if (keep.receiver === receiver) keep.slots(slots, tokenOfSlot);
  };
}

interface VerifiedBatch {
  readonly receiver: number;
  readonly slots: (sent: SlotBuffer, tokenOfSlot: Int32Array) => void;
}

/** Batches of the verification by the row (layer row x groups + group row) that fills them. */
function openVerified(job: EmulationJob, buffer: ArrayBufferLike, stack: number): Map<number, VerifiedBatch[]> {
  const { experts, devices, dModel } = job.request;
  const { tokens, variants } = job.stacks[stack];
  const { expertCapacity } = variants[0];
  const holders = expertsByDevice(experts, devices);
  const byRow = new Map<number, VerifiedBatch[]>();
  for (const lane of job.verification?.lanes ?? []) {
    if (lane.stack !== stack) continue;
    const kept = bf16Elements(buffer, lane.slots);
    const filled = counts(buffer, lane.filled);
    const receiver = holders.findIndex((local) => local.includes(lane.expert));
    const from = holders[receiver].indexOf(lane.expert) * expertCapacity;
    lane.groups.forEach((group, batch) => {
      const to = batch * expertCapacity;
      const slots: VerifiedBatch['slots'] = (sent, tokenOfSlot) => {
        for (let slot = 0; slot < expertCapacity; slot++) {
          if (tokenOfSlot[from + slot] === EMPTY) continue;
          sent.read(from + slot, kept.subarray((to + slot) * dModel, (to + slot + 1) * dModel));
          filled[to + slot] = 1;
        }
      };
      const at = lane.row * tokens.groups.length + group;
      byRow.set(at, [...(byRow.get(at) ?? []), { receiver, slots }]);
    });
  }
  return byRow;
}

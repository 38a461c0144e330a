/** Which expert the ids of a vocabulary belong to: [vocabulary]. Tables depend on nothing but the arguments and are made once. */
export function hashTable(kind: 'balanced' | 'random', vocabulary: number, experts: number): Int32Array {
  const key = `${kind} ${vocabulary} ${experts}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const table = kind === 'balanced' ? dealByFrequency(vocabulary, experts) : hashIds(vocabulary, experts);
  tables.set(key, table);
  return table;
}

const tables = new Map<string, Int32Array>();

/**
 * Ids from the most frequent on, each to the expert with the least load so far (of equal loads to the lower one). Subword vocabularies list frequent pieces
 * first, and id i is taken to be as frequent as Zipf's law says, in proportion to 1 / (i + 1).
 * `heap` holds the experts with the least loaded one on top; only its load changes, so it sinks.
 */
function dealByFrequency(vocabulary: number, experts: number): Int32Array {
  const load = new Float64Array(experts);
  const heap = Int32Array.from({ length: experts }, (_, expert) => expert);
  return Int32Array.from({ length: vocabulary }, (_, id) => {
    const expert = heap[0];
    load[expert] += 1 / (id + 1);
    sinkTop(heap, load);
    return expert;
  });
}

function sinkTop(heap: Int32Array, load: Float64Array): void {
  const sinking = heap[0];
  let hole = 0;
  for (let child = 1; child < heap.length; child = 2 * hole + 1) {
    if (child + 1 < heap.length && isLighter(heap[child + 1], heap[child], load)) child++;
    if (isLighter(sinking, heap[child], load)) break;
    heap[hole] = heap[child];
    hole = child;
  }
  heap[hole] = sinking;
}

function isLighter(expert: number, other: number, load: Float64Array): boolean {
  return load[expert] < load[other] || (load[expert] === load[other] && expert < other);
}

/** The top bits of a hash of the id, scaled to the experts. */
function hashIds(vocabulary: number, experts: number): Int32Array {
  return Int32Array.from({ length: vocabulary }, (_, id) => Math.floor((mixBits(id + 1) / 0x1_0000_0000) * experts));
}

/** A bijection of 32-bit numbers that spreads neighbours: the finaliser of MurmurHash3 (Appleby 2011, public domain). */
function mixBits(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** What a transfer asks of the links. */
export interface LinkUse {
  /** Rows of the link table, each once, and the share of each link's bandwidth at full speed; above 1 where many transfers are folded into one. */
  readonly links: Uint32Array;
  readonly shares: Float64Array;
}

/**
 * Live transfers and who meets whom: by slot the links of a transfer, by link the transfers on it. An entry is one transfer on one link; the
 * entries of a slot are entry[slot] .. entry[slot] + links - 1, those of a link a list. Arrays grow, so read them from here, not from before.
 */
export interface LiveUses {
  /** Live transfers, and entries of them all. */
  count: number;
  entries: number;
  /** Links that any of them uses; as many as entries where no link has two. */
  linksInUse: number;
  /** Entries that ask for more than the link has. */
  excessive: number;
  readonly use: (LinkUse | null)[];
  /** [slots]. */
  entry: Int32Array;
  /** [slots]: grows with every transfer, so that slots have an order although they are used again. */
  readonly sequence: number[];
  /** [links]: the first entry on the link, -1 where there is none. */
  readonly first: Int32Array;
  /** [entries]: the neighbours on the same link, whose entry it is, and its share. */
  next: Int32Array;
  previous: Int32Array;
  slot: Int32Array;
  share: Float64Array;
  add(use: LinkUse): number;
  remove(slot: number): void;
  /** Slots in the order in which their transfers came. */
  inOrder(): number[];
}

export function createLiveUses(linkCount: number): LiveUses {
  const freeSlots: number[] = [];
  /** First entries of blocks that are done with, by length. */
  const freeBlocks = new Map<number, number[]>();
  let entryEnd = 0;
  let came = 0;

  const takeBlock = (length: number): number => {
    const again = freeBlocks.get(length)?.pop();
    if (again !== undefined) return again;
    entryEnd += length;
    if (entryEnd > uses.slot.length) growEntries(uses, 2 * entryEnd);
    return entryEnd - length;
  };

  const uses: LiveUses = {
    count: 0,
    entries: 0,
    linksInUse: 0,
    excessive: 0,
    use: [],
    entry: new Int32Array(64),
    sequence: [],
    first: new Int32Array(linkCount).fill(-1),
    next: new Int32Array(256),
    previous: new Int32Array(256),
    slot: new Int32Array(256),
    share: new Float64Array(256),
    add(use) {
      const { links, shares } = use;
      const slot = freeSlots.pop() ?? uses.use.length;
      if (slot === uses.entry.length) uses.entry = grown(uses.entry, 2 * slot);
      const block = takeBlock(links.length);
      uses.use[slot] = use;
      uses.entry[slot] = block;
      uses.sequence[slot] = came++;
      uses.count++;
      uses.entries += links.length;
      for (let i = 0; i < links.length; i++) enter(uses, block + i, links[i], slot, shares[i]);
      return slot;
    },
    remove(slot) {
      const links = uses.use[slot]?.links ?? new Uint32Array(0);
      const block = uses.entry[slot];
      for (let i = 0; i < links.length; i++) leave(uses, block + i, links[i]);
      uses.use[slot] = null;
      uses.count--;
      uses.entries -= links.length;
      freeSlots.push(slot);
      const blocks = freeBlocks.get(links.length);
      if (blocks === undefined) freeBlocks.set(links.length, [block]);
      else blocks.push(block);
    },
    inOrder() {
      const slots: number[] = [];
      for (let slot = 0; slot < uses.use.length; slot++) if (uses.use[slot] !== null) slots.push(slot);
      return slots.sort((a, b) => uses.sequence[a] - uses.sequence[b]);
    },
  };
  return uses;
}

function enter(uses: LiveUses, entry: number, link: number, slot: number, share: number): void {
  const first = uses.first[link];
  uses.slot[entry] = slot;
  uses.share[entry] = share;
  if (share > 1) uses.excessive++;
  uses.previous[entry] = -1;
  uses.next[entry] = first;
  uses.first[link] = entry;
  if (first >= 0) uses.previous[first] = entry;
  else uses.linksInUse++;
}

function leave(uses: LiveUses, entry: number, link: number): void {
  const { next, previous } = uses;
  if (uses.share[entry] > 1) uses.excessive--;
  if (previous[entry] >= 0) next[previous[entry]] = next[entry];
  else uses.first[link] = next[entry];
  if (next[entry] >= 0) previous[next[entry]] = previous[entry];
  if (uses.first[link] < 0) uses.linksInUse--;
}

function growEntries(uses: LiveUses, length: number): void {
  uses.next = grown(uses.next, length);
  uses.previous = grown(uses.previous, length);
  uses.slot = grown(uses.slot, length);
  const share = new Float64Array(length);
  share.set(uses.share);
  uses.share = share;
}

function grown(values: Int32Array, length: number): Int32Array {
  const longer = new Int32Array(length);
  longer.set(values);
  return longer;
}

import type { GemmCall, Region } from '../gemm.ts';

/**
 * One product for every expert, on as many rows as the expert really has, cut into items of like size (grouped products, as in MegaBlocks, Gale et al. 2022,
 * arXiv:2211.15841, section 5: nothing is padded).
 *
 * An expert with n of the rows: `rows` products are [n, depth] x [depth, columns], forward or back to the input; `weights` products are the gradients of the weights,
 * [depth, n] x [n, columns], whose sums run over its rows.
 */
export interface GroupedShape {
  readonly product: 'rows' | 'weights';
  readonly experts: number;
  /** Most rows of all experts together. */
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

/** A block of the target of one expert. */
export interface GroupedItem {
  readonly expert: number;
  readonly region: Region;
}

/** Flops of an item: a few milliseconds of one core, enough to pay for handing it out and for packing its operands. */
const ITEM_FLOPS = 3e8;
/** More rows or columns than this gain nothing. */
const MOST_ROWS = 768;
const MOST_COLUMNS = 768;
/** Fewer would pack the other operand for too little work. */
const LEAST_ROWS = 192;
const LEAST_COLUMNS = 384;
/** Items over deeper sums have work enough with fewer columns, and more items spread better. */
const DEEP = 1536;
const LEAST_COLUMNS_OF_DEEP = 192;
/** A multiple of the height and of the width of tiles on most paths. */
const STEP = 64;

/** No fill has more items than this. */
export function mostGroupedItems(shape: GroupedShape): number {
  const filled = Math.min(shape.experts, shape.rows);
  const { rows, columns } = blockOf(shape);
  const rowBlocks = shape.product === 'rows' ? filled + Math.floor(shape.rows / rows) : filled * Math.ceil(shape.depth / rows);
  return rowBlocks * Math.ceil(shape.columns / columns);
}

/** The items for these experts, expert e having rows first[e] .. first[e + 1] - 1; the largest first, so that no lane begins a large one when the others are done. */
export function groupedItems(shape: GroupedShape, first: ArrayLike<number>): GroupedItem[] {
  const block = blockOf(shape);
  const items: (GroupedItem & { readonly work: number })[] = [];
  for (let expert = 0; expert < shape.experts; expert++) {
    const fill = first[expert + 1] - first[expert];
    if (fill === 0) continue;
    const [targetRows, sums] = shape.product === 'rows' ? [fill, shape.depth] : [shape.depth, fill];
    const rows = Math.ceil(targetRows / Math.ceil(targetRows / block.rows));
    for (let column = 0; column < shape.columns; column += block.columns) {
      for (let row = 0; row < targetRows; row += rows) {
        const region = { row, column, rows: Math.min(rows, targetRows - row), columns: Math.min(block.columns, shape.columns - column) };
        items.push({ expert, region, work: region.rows * region.columns * sums });
      }
    }
  }
  return items.sort((a, b) => b.work - a.work);
}

/**
 * Most rows and columns of an item when every expert has its share of the rows: the fill does not matter, so that the number of items has a bound. Gradients of weights
 * keep whole rows, because their targets are large and lie in memory row by row.
 */
function blockOf({ product, experts, rows, depth, columns }: GroupedShape): { readonly rows: number; readonly columns: number } {
  const mean = Math.max(1, Math.ceil(rows / experts));
  if (product === 'weights') {
    const width = evenly(columns, MOST_COLUMNS);
    return { rows: evenly(depth, within(LEAST_ROWS, ITEM_FLOPS / (2 * width * mean), MOST_ROWS)), columns: width };
  }
  const least = depth > DEEP ? LEAST_COLUMNS_OF_DEEP : LEAST_COLUMNS;
  const wanted = ITEM_FLOPS / (2 * Math.min(mean, MOST_ROWS) * depth);
  return { rows: MOST_ROWS, columns: evenly(columns, within(least, wanted, MOST_COLUMNS)) };
}

function within(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** The least multiple of STEP that cuts `total` into as few parts as parts of `most` would. */
function evenly(total: number, most: number): number {
  return Math.ceil(total / Math.ceil(total / most) / STEP) * STEP;
}

/** What an item multiplies, for messages. */
export function describeGroupedItem({ region }: GroupedItem, call: GemmCall): string {
  const depth = call.transposeLeft ? call.left.rows : call.left.columns;
  return `${region.rows} x ${depth} by ${depth} x ${region.columns}`;
}

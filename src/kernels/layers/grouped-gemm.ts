import type { Region } from '../blocked-gemm.ts';
import type { GemmCall } from '../gemm.ts';

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

/** Flops of an item: between a third of a millisecond and three on one core, enough to pay for handing it out and for packing its operands. */
const ITEM_FLOPS = 1.5e8;
/** More rows than this gain nothing from one packed right operand. */
const MOST_ROWS = 768;
/** Fewer columns would pack the left operand for too little work. */
const LEAST_COLUMNS = 192;
const MOST_COLUMNS = 768;
/** Tiles of every path are whole divisors of this. */
const COLUMN_STEP = 64;

/** No fill has more items than this. */
export function mostGroupedItems(shape: GroupedShape): number {
  const filled = Math.min(shape.experts, shape.rows);
  const columnBlocks = Math.ceil(shape.columns / columnsOfItem(shape));
  const rowBlocks = shape.product === 'rows' ? filled + Math.floor(shape.rows / MOST_ROWS) : filled * Math.ceil(shape.depth / MOST_ROWS);
  return rowBlocks * columnBlocks;
}

/** The items for these experts, expert e having rows first[e] .. first[e + 1] - 1; the largest first, so that no lane begins a large one when the others are done. */
export function groupedItems(shape: GroupedShape, first: ArrayLike<number>): GroupedItem[] {
  const columns = columnsOfItem(shape);
  const items: (GroupedItem & { readonly work: number })[] = [];
  for (let expert = 0; expert < shape.experts; expert++) {
    const fill = first[expert + 1] - first[expert];
    if (fill === 0) continue;
    const [targetRows, sums] = shape.product === 'rows' ? [fill, shape.depth] : [shape.depth, fill];
    const rows = Math.ceil(targetRows / Math.ceil(targetRows / MOST_ROWS));
    for (let column = 0; column < shape.columns; column += columns) {
      for (let row = 0; row < targetRows; row += rows) {
        const region = { row, column, rows: Math.min(rows, targetRows - row), columns: Math.min(columns, shape.columns - column) };
        items.push({ expert, region, work: region.rows * region.columns * sums });
      }
    }
  }
  return items.sort((a, b) => b.work - a.work);
}

/** Columns of an item when every expert has its share of the rows; whatever the fill, so that the number of items has a bound. */
function columnsOfItem({ product, experts, rows, depth, columns }: GroupedShape): number {
  const mean = Math.ceil(rows / experts);
  const [height, sums] = product === 'rows' ? [mean, depth] : [depth, mean];
  const wanted = ITEM_FLOPS / (2 * Math.max(1, Math.min(height, MOST_ROWS) * sums));
  const most = Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, wanted));
  const blocks = Math.ceil(columns / most);
  return Math.ceil(columns / blocks / COLUMN_STEP) * COLUMN_STEP;
}

/** What an item multiplies, for messages. */
export function describeGroupedItem({ region }: GroupedItem, call: GemmCall): string {
  const depth = call.transposeLeft ? call.left.rows : call.left.columns;
  return `${region.rows} x ${depth} by ${depth} x ${region.columns}`;
}

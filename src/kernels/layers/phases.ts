import { assert } from '../../base/index.ts';
import type { TensorView } from '../../model/index.ts';
import type { GemmCall } from '../gemm.ts';
import type { Step } from '../step.ts';
import type { KernelTable } from '../table.ts';
import { describeGroupedItem, type GroupedItem, type GroupedShape, groupedItems, mostGroupedItems } from './grouped-gemm.ts';
import { regionOfCall } from './matrices.ts';

/** Rows of an item that works row by row. */
export const ROWS_PER_ITEM = 256;

/** One phase of a step. */
export interface Phase {
  readonly items: number;
  readonly run: (item: number, lane: number) => void;
  readonly name: (item: number) => string;
}

export function stepOf(phases: readonly Phase[]): Step {
  return {
    phaseItems: phases.map(({ items }) => items),
    run: (phase, item, lane) => phases[phase].run(item, lane),
    name: (phase, item) => phases[phase].name(item),
  };
}

/** Phases that do not depend on each other, as one; items of the first come first. */
export function together(...phases: readonly Phase[]): Phase {
  const locate = (item: number): [Phase, number] => {
    let within = item;
    for (const phase of phases) {
      if (within < phase.items) return [phase, within];
      within -= phase.items;
    }
    assert(false, `item ${item} of a phase of ${item - within}`);
  };
  return {
    items: phases.reduce((total, { items }) => total + items, 0),
    run: (item, lane) => {
      const [phase, within] = locate(item);
      phase.run(within, lane);
    },
    name: (item) => {
      const [phase, within] = locate(item);
      return phase.name(within);
    },
  };
}

/** One item. */
export function single(name: string, run: (lane: number) => void): Phase {
  return { items: 1, run: (_, lane) => run(lane), name: () => name };
}

/** Rows first .. first + count - 1 for each item; `rows` is asked for when an item runs and may be less than `most`. */
export function chunked(
  name: string,
  most: number,
  rowsOfItem: number,
  rows: () => number,
  run: (first: number, count: number, lane: number) => void,
): Phase {
  return {
    items: Math.ceil(most / rowsOfItem),
    run: (item, lane) => {
      const first = item * rowsOfItem;
      const count = Math.min(rowsOfItem, rows() - first);
      if (count > 0) run(first, count, lane);
    },
    name: (item) => `${name}: rows ${item * rowsOfItem} to ${Math.min(most, (item + 1) * rowsOfItem) - 1}`,
  };
}

/** What the products of experts share. */
export interface Products {
  readonly table: KernelTable;
  /** Scratch of `table.gemm` for each lane. */
  readonly lanes: readonly TensorView[];
  /** [E + 1]: expert e has rows first[e] .. first[e + 1] - 1; asked for when an item runs. */
  readonly first: () => Int32Array;
  /** Where, for messages: `layer 3`. */
  readonly place: string;
}

/** A product for every expert; those of `calls(expert)` are made one after the other, block by block. Their targets have one shape. */
export function grouped(
  { table, lanes, first, place }: Products,
  name: string,
  shape: GroupedShape,
  calls: (expert: number) => readonly GemmCall[],
): Phase {
  const itemsOf = remembered((fills) => groupedItems(shape, fills));
  const itemAt = (index: number): GroupedItem | undefined => itemsOf(first())[index];
  return {
    items: mostGroupedItems(shape),
    run: (index, lane) => {
      const item = itemAt(index);
      if (item === undefined) return;
      for (const call of calls(item.expert)) table.gemm(regionOfCall(call, item.region), lanes[lane]);
    },
    name: (index) => {
      const item = itemAt(index);
      if (item === undefined) return `${name} of ${place}: nothing left`;
      return `${name}, expert ${item.expert} of ${place}: ${describeGroupedItem(item, calls(item.expert)[0])}`;
    },
  };
}

/** The items of the last fills; a step asks for them once per item. */
function remembered(itemsOf: (first: Int32Array) => GroupedItem[]): (first: Int32Array) => GroupedItem[] {
  let [last, items] = [new Int32Array(0), [] as GroupedItem[]];
  return (first) => {
    if (first.length !== last.length || first.some((row, e) => row !== last[e])) {
      last = first.slice();
      items = itemsOf(last);
    }
    return items;
  };
}

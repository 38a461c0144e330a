import { describe, expect, it } from 'vitest';
import { type Code, localsAfter, moduleBytes, signed, unsigned } from '../../src/kernels/wasm/emitter.ts';
import { compileModule, instantiate, MAXIMUM_PAGES } from '../../src/kernels/wasm/host.ts';
import { countDown, i32, local, v128 } from '../../src/kernels/wasm/instructions.ts';
import { tilesFunction } from '../../src/kernels/wasm/tiles.ts';
import { draws, memory } from './support.ts';

function flat(code: Code): number[] {
  return code.flatMap((item) => (typeof item === 'number' ? [item] : flat(item)));
}

describe('assembler', () => {
  it('writes LEB128 as the examples of the DWARF standard do', () => {
    expect(flat(unsigned(624485))).toEqual([0xe5, 0x8e, 0x26]);
    expect(flat(unsigned(127))).toEqual([0x7f]);
    expect(flat(unsigned(128))).toEqual([0x80, 0x01]);
    expect(flat(signed(-123456))).toEqual([0xc0, 0xbb, 0x78]);
    expect([2, -2, 127, -127, 128, -128].map((n) => flat(signed(n)))).toEqual([
      [2],
      [0x7e],
      [0xff, 0],
      [0x81, 0x7f],
      [0x80, 1],
      [0x80, 0x7f],
    ]);
  });

  it('assembles loops, locals and constants that do what they say', () => {
    // Writes `count` vectors of four sevens, four bytes of a counter in front of each.
    const [address, count] = [0, 1];
    const locals = localsAfter(2);
    const counter = locals.declare('i32');
    const body = [
      local.set(counter, i32.const(-70000)),
      countDown(count, [
        i32.store(local.get(address), local.get(counter)),
        v128.store(local.get(address), v128.i32Const(7), 4),
        local.set(counter, i32.mul(i32.sub(local.get(counter), i32.const(1)), i32.const(1))),
        local.set(address, i32.add(local.get(address), i32.const(20))),
      ]),
    ];
    const bytes = moduleBytes([{ name: 'write', parameters: 2, locals: locals.declared, body }], MAXIMUM_PAGES);
    const { write } = instantiate(compileModule(bytes), memory) as { write(address: number, count: number): void };
    write(64, 3);
    expect(Array.from(new Int32Array(memory.buffer, 64, 15))).toEqual([-70000, 7, 7, 7, 7, -70001, 7, 7, 7, 7, -70002, 7, 7, 7, 7]);
  });

  it('gives tiles of every size the same bits', () => {
    const k = 37;
    const [a, b, c] = [1024, 65536, 131072];
    const results = [
      { rows: 1, columns: 4 },
      { rows: 4, columns: 8 },
      { rows: 6, columns: 8 },
      { rows: 3, columns: 16 },
    ].map((tile) => {
      const made = tilesFunction({ ...tile, fused: false }, false);
      const wasm = instantiate(compileModule(moduleBytes([made], MAXIMUM_PAGES)), memory) as Record<string, (...numbers: number[]) => void>;
      // Every row and every column of the operands is the same, so all sums are, whatever the tile.
      const [rowValue, columnValue] = [draws(1), draws(2)];
      const left = new Float32Array(memory.buffer, a, k * tile.rows);
      const right = new Float32Array(memory.buffer, b, k * tile.columns);
      for (let l = 0; l < k; l++) {
        left.fill(rowValue(), l * tile.rows, (l + 1) * tile.rows);
        right.fill(columnValue(), l * tile.columns, (l + 1) * tile.columns);
      }
      wasm[made.name](a, b, c, k, 4 * tile.columns, 1, 1);
      return new Set(new Float32Array(memory.buffer, c, tile.rows * tile.columns));
    });
    for (const sums of results) expect(sums).toEqual(results[0]);
    expect(results[0].size).toBe(1);
  });
});

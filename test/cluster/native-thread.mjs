/** A thread that loads the native addon and multiplies a packed pair of operands again and again; answers whether the product was the same every time. */
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

const { file, buffer, level, fused, block, rounds } = workerData;
const { left, right, c, depth } = block;
const addon = createRequire(import.meta.url)(file);
const { kernel, rows, columns, elementBytes } = addon.open(new Uint8Array(buffer), level, fused);
const [packedLeft, packedRight] = [block.scratch, block.scratch + rows * depth * elementBytes];
const product = new Uint32Array(buffer, c, rows * columns);
let first;
let same = true;
for (let round = 0; round < rounds; round++) {
  product.fill(0);
  addon.pack(kernel, 0, left, 2 * depth, 2, 1, rows, depth, packedLeft);
  addon.pack(kernel, 1, right, 2 * depth, 2, 1, columns, depth, packedRight);
  addon.tiles(kernel, packedLeft, packedRight, c, depth, 4 * columns, 1, 1, 0);
  first ??= product.slice();
  same &&= first.every((bits, i) => bits === product[i]);
}
parentPort.postMessage({ same, product: first });

import { expect, it } from 'vitest';
import { COLLECTIVES, type CollectiveKind, ROUTINGS } from '../../src/collectives/index.ts';
import { parseScenario } from '../../src/intake/index.ts';
import { MODELS, type NetworkKind } from '../../src/network/index.ts';
import { simulateStep } from '../../src/study/index.ts';
import { MEBIBYTE, resultOn } from './collective-input.ts';

const KINDS = Object.keys(COLLECTIVES) as CollectiveKind[];
const NETWORKS = Object.keys(MODELS) as NetworkKind[];
const WIRES = ['ring:6', 'mesh:3x4', 'torus:2x4x4_twisted', 'tpu-v3:4x4', 'tpu-v4:2x2x4*2'];
const MACHINES = [
  '',
  'wrap: closed',
  'brokenLinks: [[5, 6]]',
  'slowLinks: [{between: [5, 6], factor: 4}]',
  'jitter: 0.02',
  'startSkew: 0.001',
];

/**
 * The bits of times and link loads that every engine must give, stored. A change of one changes results, so it needs a reason in the change log; then
 * `npx vitest run test/study/wire-bits.test.ts -u`.
 */
it('times and link loads are those that are stored', async () => {
  const prints: Record<string, string> = {};
  for (const wires of WIRES) {
    for (const network of NETWORKS) {
      for (const op of KINDS) prints[`${op} over ${wires}, ${network}`] = resultOn(wires, { op, network }).fingerprint;
    }
  }
  const uneven = Float64Array.from({ length: 256 }, (_, i) => (i % 16 === 5 ? MEBIBYTE * (1 + (i % 7)) : 100));
  for (const routing of ROUTINGS)
    prints[`uneven traffic, ${routing}`] = resultOn('torus:4x4', { traffic: uneven, bytes: null, routing }).fingerprint;
  for (const machine of MACHINES) {
    const topology = `{chip: tpu-v3, shape: [4, 4]${machine === '' ? '' : `, ${machine}`}}`;
    const { scenario, chip } = parseScenario('bits.yaml', `topology: ${topology}\nmodel: {preset: switch-base}\nload: {kind: balanced}\n`);
    prints[`step on ${topology}`] = simulateStep(scenario, chip, null).trace.fingerprint;
  }
  expect(new Set(Object.values(prints)).size).toBeGreaterThan(60);
  await expect(`${JSON.stringify(prints, null, 2)}\n`).toMatchFileSnapshot('./wire-bits.json');
});

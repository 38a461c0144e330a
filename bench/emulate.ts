import { cpus } from 'node:os';
import { createThreadExecutor } from '../src/cluster/index.ts';
import { droppedTokenShare, type EmulationRequest, emulate, sampleEvenly } from '../src/emulate/index.ts';

/**
 * Times the routing of a whole Switch-Base step (1,024 sequences of 512 + 114 tokens, 12 Switch layers of 128 experts), and its verification.
 * `npx tsx bench/emulate.ts [threads] [clustering] [share of the groups]`
 */
const [threads = 2, clustering = 0.2, share = 1] = process.argv.slice(2).map(Number);

const LAYERS = [1, 3, 5, 7, 9, 11];
const request: EmulationRequest = {
  seed: 7,
  clustering,
  dModel: 768,
  dExpert: 2048,
  ffnMatrices: 3,
  experts: 128,
  devices: 32,
  tokensTravel: true,
  routerDtype: 'f32',
  dispatchDtype: 'bf16',
  stacks: [
    { stack: 'encoder', tokens: 524288, groupTokens: 1024, sequenceLength: 1024, layers: LAYERS, groups: sampleEvenly(512, 512 * share) },
    { stack: 'decoder', tokens: 116736, groupTokens: 912, sequenceLength: 912, layers: LAYERS, groups: sampleEvenly(128, 128 * share) },
  ],
  totalLayers: 2 * LAYERS.length,
  variants: [{ router: 'switch-top1', options: {}, capacityFactor: 1.25, capacityRule: 'mesh-tf' }],
  verifyShare: 0.01,
};

const executor = createThreadExecutor({ threads });
const start = performance.now();
const seconds = (): string => ((performance.now() - start) / 1000).toFixed(1);
let routed = '';
const [load] = await emulate(request, executor, (done, total) => {
  if (routed === '' && done >= total - request.devices) routed = seconds();
});
const { user, system } = process.cpuUsage();
const { value } = droppedTokenShare(load);
console.log(`${cpus()[0]?.model}, ${threads} threads, ${executor.kernelPath}: ${seconds()} s (${routed} s until routed)`);
console.log(
  `processor time ${((user + system) / 1e6).toFixed(1)} s; dropped ${(100 * value).toFixed(2)} %; fingerprint ${load.fingerprint}`,
);
console.log(load.verification);

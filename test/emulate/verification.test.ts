import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EmulationRequest, type Executor, emulate, planEmulation } from '../../src/emulate/index.ts';
import { deviceOfExpert } from '../../src/emulate/shards.ts';
import { takenBatches, type VerificationPlan } from '../../src/emulate/verification-plan.ts';
import { bf16Elements } from '../../src/model/index.ts';
import { plainExecutor, plainKernels, runItems, SMALL, total } from './support.ts';

function verificationOf(request: EmulationRequest): VerificationPlan {
  const { verification } = planEmulation(request, 1, plainKernels(0));
  if (verification === null) throw new Error('no verification was planned');
  return verification;
}

/** Wrong in the last bit of one value of every product. */
const faultyExecutor: Executor = {
  ...plainExecutor,
  run: async (job) => {
    const kernels = plainKernels(job.bytes);
    const { memory } = kernels.fast;
    const fast: typeof kernels.fast = {
      ...kernels.fast,
      gemm: (call, scratch) => {
        kernels.fast.gemm(call, scratch);
        new Uint8Array(memory.buffer)[call.target.offset] ^= 1;
      },
    };
    runItems(job, memory.buffer, { fast, oracle: kernels.oracle });
    return memory.buffer;
  },
};

describe('verification', () => {
  it.each([0.001, 0.05, 0.3, 1])(
    'runs at least the share %s of the tokens and one full batch per device, bit for bit',
    async (verifyShare) => {
      const [{ verification }] = await emulate({ ...SMALL, verifyShare }, plainExecutor);
      expect(verification?.tokensShare).toBeGreaterThanOrEqual(verifyShare);
      expect(verification?.tokens).toBeCloseTo((verification?.tokensShare ?? 0) * (512 + 160), 9);
      expect(verification?.devices).toBe(SMALL.devices);
      expect(verification?.comparedValues).toBeGreaterThanOrEqual((verification?.tokens ?? 0) * SMALL.dModel);
      expect(verification?.differingValues).toBe(0);
      expect(verification?.kernelPath).toBe('naive');
    },
  );

  it('counts values that differ', async () => {
    const [{ verification }] = await emulate({ ...SMALL, verifyShare: 0.05 }, faultyExecutor);
    expect(verification?.differingValues).toBeGreaterThan(0);
  });

  it('covers ReLU experts too, and is left out for share 0', async () => {
    const [relu] = await emulate({ ...SMALL, ffnMatrices: 2 }, plainExecutor);
    expect([relu.verification?.differingValues, (relu.verification?.tokens ?? 0) > 0]).toEqual([0, true]);
    const [none] = await emulate({ ...SMALL, verifyShare: 0 }, plainExecutor);
    expect(none.verification).toBeNull();
  });

  it('gathers exactly the tokens that the router kept, in their slots', () => {
    const job = planEmulation({ ...SMALL, verifyShare: 0.2 }, 1, plainKernels(0));
    const kernels = plainKernels(job.bytes);
    const { buffer } = kernels.fast.memory;
    runItems(job, buffer, kernels);
    const lanes = job.verification?.lanes ?? [];
    expect(lanes.length).toBeGreaterThanOrEqual(SMALL.devices);
    for (const lane of lanes) {
      const plan = job.stacks[lane.stack];
      const { expertCapacity, kept } = plan.variants[0];
      const keptCounts = new Int32Array(buffer, kept.offset, kept.shape[0] * kept.shape[1] * kept.shape[2]);
      const filled = new Int32Array(buffer, lane.filled.offset, lane.groups.length * expertCapacity);
      const slots = bf16Elements(buffer, lane.slots);
      lane.groups.forEach((group, batch) => {
        const count = keptCounts[(lane.row * plan.tokens.groups.length + group) * SMALL.experts + lane.expert];
        // Switch routing fills slots from the first on.
        const expected = Array.from({ length: expertCapacity }, (_, slot) => (slot < count ? 1 : 0));
        expect(Array.from(filled.subarray(batch * expertCapacity, (batch + 1) * expertCapacity))).toEqual(expected);
        for (let slot = 0; slot < expertCapacity; slot++) {
          const at = (batch * expertCapacity + slot) * SMALL.dModel;
          const row = slots.subarray(at, at + SMALL.dModel);
          expect(row.some((bits) => bits !== 0)).toBe(slot < count);
        }
      });
    }
  });
});

describe('the plan of a verification', () => {
  it('spreads different experts over devices, layers and stacks', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 4, 8, 16),
        fc.constantFrom(4, 8, 12),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (devices, experts, verifyShare) => {
          const plan = verificationOf({ ...SMALL, devices, experts, verifyShare });
          const names = plan.lanes.map(({ stack, row, expert }) => `${stack} ${row} ${expert}`);
          expect(new Set(names).size).toBe(names.length);
          expect(plan.fullBatchLanes).toBe(Math.min(devices, experts));
          const firstDevices = plan.lanes.slice(0, plan.fullBatchLanes).map(({ expert }) => deviceOfExpert(expert, experts, devices));
          expect(new Set(firstDevices).size).toBe(plan.fullBatchLanes);
          if (names.length >= 3) expect(new Set(plan.lanes.map(({ stack, row }) => `${stack} ${row}`)).size).toBe(3);
          for (const { groups, stack } of plan.lanes) {
            expect(new Set(groups).size).toBe(groups.length);
            expect(Math.max(...groups)).toBeLessThan(SMALL.stacks[stack].groups.length);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes no more batches than are needed, round by round', () => {
    const plan = verificationOf({ ...SMALL, verifyShare: 0.2 });
    const batchesOf = plan.lanes.map((lane) => lane.groups.length);
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(10)), (stream) => {
        const kept = batchesOf.map((batches) => Array.from({ length: batches }, () => stream.next().value as number));
        const taken = takenBatches(plan, kept);
        for (let lane = 0; lane < taken.length; lane++) expect(taken[lane]).toBeGreaterThanOrEqual(lane < plan.fullBatchLanes ? 1 : 0);
        const tokens = total(taken.flatMap((count, lane) => kept[lane].slice(0, count)));
        const all = total(kept.flat());
        const firstBatches = total(kept.slice(0, plan.fullBatchLanes).map((batches) => batches[0]));
        expect(tokens).toBeGreaterThanOrEqual(Math.min(all, plan.wantedTokens));
        // The last batch taken may overshoot, but only it, unless one batch per device is more already.
        expect(tokens).toBeLessThan(Math.max(plan.wantedTokens, firstBatches) + 11);
      }),
    );
  });
});

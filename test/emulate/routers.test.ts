import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { createThreadExecutor } from '../../src/cluster/index.ts';
import { DOMAINS, domainGates, fillDomains } from '../../src/emulate/domains.ts';
import {
  type EmulationJob,
  type EmulationRequest,
  type Executor,
  emulate,
  planEmulation,
  type RoutingVariant,
} from '../../src/emulate/index.ts';
import { f32Elements } from '../../src/model/index.ts';
import { createRouter, ROUTERS } from '../../src/routing/index.ts';
import type { Load } from '../../src/scenario/index.ts';
import { plainExecutor, plainKernels, runItems, SMALL, total } from './support.ts';

/** Recorded choices are counted without the pod; everything else runs in it. */
const EXECUTED = Object.keys(ROUTERS).filter((name) => !createRouter(name).reads.includes('recorded'));

function variantOf(router: string, options: RoutingVariant['options'] = {}): RoutingVariant {
  return { router, options, capacityFactor: 1.25, capacityRule: 'mesh-tf' };
}

const request: EmulationRequest = { ...SMALL, variants: EXECUTED.map((router) => variantOf(router)) };
const together: Promise<Load[]> = emulate(request, plainExecutor);

describe('the emulated pod', () => {
  it('runs every router but the recorded one', () => {
    expect(EXECUTED.length).toBe(Object.keys(ROUTERS).length - 1);
    expect(EXECUTED.length).toBeGreaterThan(10);
    expect(() => planEmulation({ ...SMALL, variants: [variantOf('trace')] }, 1, plainKernels(0))).toThrow(/recorded choices are counted/);
  });

  it.each(EXECUTED)('loses no token and no byte under %s', async (name) => {
    const load = (await together)[EXECUTED.indexOf(name)];
    const router = createRouter(name);
    expect(load.router).toBe(name);
    for (const { groups, groupTokens, experts, expertCapacity, topK, requested, kept, droppedTokens, ...layer } of load.layers) {
      const tokens = groups * groupTokens;
      expect(topK).toBeCloseTo(router.rows({ tokens: groupTokens, experts, expertCapacity }) / groupTokens, 12);
      expect(total(requested)).toBeLessThanOrEqual(tokens * topK);
      for (let expert = 0; expert < experts; expert++) {
        expect(kept[expert]).toBeLessThanOrEqual(Math.min(requested[expert], groups * expertCapacity));
      }
      // A token that is not dropped has between one and topK slots; where experts choose, a token may have as many as there are experts.
      const served = tokens - droppedTokens;
      expect(served).toBeGreaterThan(0);
      expect(total(kept)).toBeGreaterThanOrEqual(served);
      expect(total(kept)).toBeLessThanOrEqual(served * (router.expertsChoose === true ? experts : topK));
      expect(total(layer.droppedShareByGroup) * groupTokens).toBeCloseTo(droppedTokens, 6);
      expect(total(layer.tokenTraffic?.bytes ?? [])).toBe(total(kept) * SMALL.dModel * 2);
      expect(Number.isFinite(layer.auxiliaryLoss)).toBe(true);
      expect(layer.routerConfidence).toBeGreaterThan(0);
      expect(layer.routerConfidence).toBeLessThanOrEqual(1);
      const hasScores = router.reads.includes('logits') || router.reads.includes('probabilities');
      expect(Number.isFinite(layer.routerZLoss)).toBe(hasScores);
    }
  });

  it.each(EXECUTED)('hands the slots of %s over, and the experts agree with the oracle', async (name) => {
    const [alone] = await emulate({ ...SMALL, variants: [variantOf(name)] }, plainExecutor);
    expect(alone.layers).toEqual((await together)[EXECUTED.indexOf(name)].layers);
    expect(alone.verification?.comparedValues).toBeGreaterThan(0);
    expect(alone.verification?.differingValues).toBe(0);
    alone.layers.forEach(({ groups, experts, expertCapacity }, row) => {
      expect(total(alone.slotTraffic?.[row].bytes ?? [])).toBe(groups * experts * expertCapacity * SMALL.dModel * 2);
    });
  });

  it('gives the same bits on two threads', async () => {
    const threads = await emulate(request, createThreadExecutor({ threads: 2 }));
    expect(threads.map(({ fingerprint }) => fingerprint)).toEqual((await together).map(({ fingerprint }) => fingerprint));
  }, 30_000);

  it('gives no token twice to an expert that chooses, and drops those that none takes', async () => {
    const [{ layers }] = await emulate({ ...SMALL, variants: [variantOf('expert-choice')] }, plainExecutor);
    for (const { requested, kept, groups, expertCapacity, experts, droppedTokens } of layers) {
      expect(Array.from(kept)).toEqual(new Array(experts).fill(groups * expertCapacity));
      expect(requested).toEqual(kept);
      expect(droppedTokens).toBeGreaterThan(0);
    }
  });

  it('gives every token of BASE a slot, and every expert as many', async () => {
    const [{ layers }] = await emulate({ ...SMALL, variants: [variantOf('base')] }, plainExecutor);
    for (const { kept, groups, groupTokens, experts, droppedTokens } of layers) {
      expect(droppedTokens).toBe(0);
      expect(Array.from(kept)).toEqual(new Array(experts).fill((groups * groupTokens) / experts));
    }
  });

  it('takes options: more experts for every token', async () => {
    const [two, four] = await emulate({ ...SMALL, variants: [variantOf('topk'), variantOf('topk', { topK: 4 })] }, plainExecutor);
    two.layers.forEach((layer, row) => {
      expect(total(four.layers[row].requested)).toBe(2 * total(layer.requested));
    });
    await expect(emulate({ ...SMALL, variants: [variantOf('topk', { topk: 4 })] }, plainExecutor)).rejects.toThrow(
      /E_ROUTER_OPTION routing.options.topk: 4; .*did you mean topK/,
    );
  });
});

describe('a bias that was balanced before', () => {
  const clustered: EmulationRequest = {
    ...SMALL,
    clustering: 0.5,
    stacks: [{ stack: 'encoder', tokens: 8192, groupTokens: 512, sequenceLength: 64, layers: [1, 3], groups: [0, 5, 10, 15] }],
    variants: [variantOf('loss-free'), variantOf('topk')],
    verifyShare: 0,
  };

  it('evens out loads on tokens that it has not seen', async () => {
    const [balanced, plain] = await emulate(clustered, plainExecutor);
    plain.layers.forEach((layer, row) => {
      const excess = (counts: Float64Array): number => Math.max(...counts) / Math.min(...counts) - 1;
      expect(excess(balanced.layers[row].requested)).toBeLessThan(0.5 * excess(layer.requested));
    });
  });

  it('depends on neither the sample nor the other variants', async () => {
    const [all] = await emulate(clustered, plainExecutor);
    const [stack] = clustered.stacks;
    const [sampled] = await emulate(
      { ...clustered, stacks: [{ ...stack, layers: [3], groups: [5, 10] }], variants: [variantOf('loss-free')] },
      plainExecutor,
    );
    const shares = all.layers[1].droppedShareByGroup;
    expect(Array.from(sampled.layers[0].droppedShareByGroup)).toEqual([shares[1], shares[2]]);
  });
});

describe('domains', () => {
  it('are one to a sequence, and all of them occur', () => {
    const domains = new Int32Array(4096);
    fillDomains(domains, 7, 32, 64);
    for (let token = 0; token < domains.length; token++) expect(domains[token]).toBe(domains[token - (token % 32)]);
    expect(new Set(domains).size).toBe(DOMAINS);
    const later = new Int32Array(40);
    fillDomains(later, 7, 32, 64 + 16);
    expect(Array.from(later)).toEqual(Array.from(domains.subarray(16, 56)));
  });

  it('have gates that rename the experts, each in its own way', () => {
    const gates = domainGates(7, 3, 16);
    expect(gates).toHaveLength(DOMAINS);
    for (const gate of gates) expect(Array.from(gate).sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, expert) => expert));
    expect(new Set(gates.map((gate) => gate.join())).size).toBe(DOMAINS);
    expect(domainGates(7, 4, 16)[0]).not.toEqual(gates[0]);
  });
});

describe('what is not finite', () => {
  /** Runs everything up to routing, spoils the buffer, and runs the rest. */
  function spoiled(spoil: (job: EmulationJob, buffer: ArrayBufferLike) => void): Executor {
    return {
      ...plainExecutor,
      run: async (job) => {
        const opened = plainKernels(job.bytes);
        const { buffer } = opened.fast.memory;
        const prepared = job.items.filter(({ kind }) => kind === 'centres' || kind === 'weights');
        runItems({ ...job, items: prepared, phaseItems: [prepared.length] }, buffer, opened);
        spoil(job, buffer);
        // The counter of taken items stands one past the last one that was prepared.
        new Int32Array(buffer, job.control.offset, 1)[0] = prepared.length;
        runItems(job, buffer, opened);
        return buffer;
      },
    };
  }

  const issueOf = async (spoil: (job: EmulationJob, buffer: ArrayBufferLike) => void) => {
    const error: unknown = await emulate(SMALL, spoiled(spoil)).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).issues[0];
  };

  it.each([
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
  ])('is found in a router weight and named: %s', async (_, value) => {
    const issue = await issueOf((job, buffer) => {
      const { weights } = job.stacks[0].chunks[0];
      // Layer row 1 (encoder layer 3), weight [5, expert 2].
      f32Elements(buffer, weights)[5 * weights.shape[1] + 8 + 2] = value;
    });
    expect(issue).toMatchObject({ code: 'E_NOT_FINITE', path: 'encoder layer 3' });
    expect(issue.value).toMatch(/^device 0, token 0: router weight \[5, 2\] is (NaN|Infinity)$/);
  });

  it('is found in an activation and named by its token, wherever the group lies', async () => {
    // The centre of a cluster is spoiled: the first token that belongs to it is to be named.
    const issue = await issueOf((job, buffer) => {
      f32Elements(buffer, job.stacks[0].centres)[2 * SMALL.dModel + 9] = Number.NEGATIVE_INFINITY;
    });
    expect(issue).toMatchObject({ code: 'E_NOT_FINITE', path: 'encoder layer 1' });
    const [, device, token] = /^device (\d+), token (\d+): activation 9 is -Infinity$/.exec(issue.value) ?? [];
    expect(Math.floor(Number(token) / 128)).toBe(Number(device));
  });

  it('reaches the caller of threads as what it is', async () => {
    const executor = createThreadExecutor({ threads: 2 });
    const huge: EmulationRequest = { ...SMALL, clustering: Number.NaN };
    const error: unknown = await emulate(huge, executor).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).issues[0].code).toBe('E_NOT_FINITE');
  }, 20_000);
});

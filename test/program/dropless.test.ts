import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimate } from '../../src/analytic/index.ts';
import { simulate, type Trace } from '../../src/engine/index.ts';
import { type Chip, sliceTopology } from '../../src/hardware/index.ts';
import { NO_OVERLAP } from '../../src/layout/index.ts';
import { liveMemory, type Program, sentBytesPerDevice } from '../../src/program/index.ts';
import type { Load, Scenario } from '../../src/scenario/index.ts';
import { balanced, groupsByDevice, hotExpert, loadOf, type Shares } from './loads.ts';
import { type Changes, lowered } from './scenarios.ts';

const DROPLESS = { routing: { dispatch: 'dropless' } } as const;
const tiny = lowered('tiny', DROPLESS);

interface Simulated {
  readonly scenario: Scenario;
  readonly chip: Chip;
  readonly program: Program;
  readonly trace: Trace;
}

function simulated(shares: Shares | null, name = 'tiny', changes: Changes = DROPLESS): Simulated {
  const { scenario } = lowered(name, changes);
  return withLoad(name, changes, shares === null ? null : loadOf(scenario, shares));
}

function withLoad(name: string, changes: Changes, load: Load | null): Simulated {
  const { scenario, chip, program } = lowered(name, changes, load);
  return { scenario, chip, program, trace: simulate(program, sliceTopology(chip, scenario.topology)) };
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

/** Shares of eight experts that add up to 1, as whole 2,048ths, so that rows are whole; experts without any row among them. */
const anyShares: fc.Arbitrary<Shares> = fc
  .array(fc.nat(12), { minLength: 8, maxLength: 8 })
  .filter((parts) => sum(parts) > 0)
  .map((parts) => {
    const whole = parts.map((part) => Math.floor((2048 * part) / sum(parts)));
    whole[parts.indexOf(Math.max(...parts))] += 2048 - sum(whole);
    return (expert) => whole[expert] / 2048;
  });

describe('a balanced load', () => {
  it.each(['tiny', 'switch-base-v3-32'])('of %s is the very program of no load at all', (name) => {
    const { scenario, program } = lowered(name, DROPLESS);
    expect(lowered(name, DROPLESS, loadOf(scenario, balanced)).program).toEqual(program);
    expect(program.deviceTimes).toEqual([]);
  });

  it.each(['tiny', 'switch-base-v3-32'])('of %s takes exactly what the closed form says, and nobody waits', (name) => {
    const { scenario, chip, program, trace } = simulated(null, name);
    expect(estimate(program, sliceTopology(chip, scenario.topology)).step).toBe(trace.step);
    expect(sum(trace.devices.wait)).toBe(0);
  });

  it('executes no more than the model asks for', () => {
    const { program } = lowered('switch-base-v3-32', { ...DROPLESS, workload: { embedding: 'gather' } });
    expect(program.executedFlops).toBeCloseTo(program.modelFlops, -9);
  });

  it('computes experts as fast as slots that are all filled', () => {
    const slots = { routing: { dispatch: 'scatter', capacityFactor: 1, capacityRule: 'megablocks' } } as const;
    const padded = lowered('switch-base-v3-32', slots).program;
    const { program } = lowered('switch-base-v3-32', DROPLESS);
    const experts = ({ tasks, names }: Program): number[] =>
      Array.from(tasks.picoseconds).filter((_, task) => names[tasks.part[task]] === 'experts');
    const encoder = (times: number[]): number[] => times.slice(0, 12);
    expect(encoder(experts(program))).toEqual(encoder(experts(padded)));
  });
});

describe('a hot expert', () => {
  it('makes the others wait, the more the hotter it is, and the step longer', () => {
    const runs = [1 / 8, 1 / 4, 1 / 2, 3 / 4, 1].map((share) => simulated(hotExpert(3, share)).trace);
    expect(sum(runs[0].devices.wait)).toBe(0);
    for (let i = 1; i < runs.length; i++) {
      expect(sum(runs[i].devices.wait)).toBeGreaterThan(sum(runs[i - 1].devices.wait));
      expect(runs[i].step).toBeGreaterThan(runs[i - 1].step);
    }
  });

  it('leaves the step as it is where experts have slots', () => {
    for (const dispatch of ['einsum', 'scatter'] as const) {
      const changes = { routing: { dispatch } };
      const { scenario, program } = lowered('tiny', changes);
      expect(lowered('tiny', changes, loadOf(scenario, hotExpert(3, 0.9))).program).toEqual(program);
    }
  });

  it('costs the same wherever its device stands: the same rows are moved, not made', () => {
    const busy = Array.from({ length: 8 }, (_, hot) => [...simulated(hotExpert(hot, 0.5)).trace.devices.computeBusy]);
    for (const [hot, times] of busy.entries()) {
      expect(times.indexOf(Math.max(...times))).toBe(Math.floor(hot / 2));
      expect([...times].sort((a, b) => a - b)).toEqual([...busy[0]].sort((a, b) => a - b));
    }
  });

  it('fills buffers on its device, which all devices must then have', () => {
    const peaks = [1 / 8, 1 / 2, 1].map((share) => liveMemory(simulated(hotExpert(3, share)).program).peakBytes);
    expect(peaks[1]).toBeGreaterThan(peaks[0]);
    expect(peaks[2]).toBeGreaterThan(peaks[1]);
  });
});

describe('any load', () => {
  it('conserves rows: FLOPs, and what is sent and what comes back', () => {
    let uneven = 0;
    fc.assert(
      fc.property(anyShares, (shares) => {
        const { program } = simulated(shares);
        expect(program.executedFlops / tiny.program.executedFlops).toBeCloseTo(1, 12);
        const { devices, collectives, plans } = program;
        const { bytes, bytesToOthers } = loadOf(tiny.scenario, shares).layers[0].tokenTraffic ?? { bytes: [], bytesToOthers: 0 };
        expect(sum(bytes)).toBe(2048 * tiny.scenario.model.dModel * 2);
        const exchanges = collectives.filter(({ kind }) => kind === 'all-to-all').map(({ plan }) => plans[plan]);
        expect(exchanges).toHaveLength(8);
        for (const plan of exchanges.slice(0, 2)) expect(plan.sentBytesPerDevice * devices).toBeCloseTo(bytesToOthers, 6);
        if (program.deviceTimes.length > 0) uneven++;
      }),
      { numRuns: 60, seed: 21 },
    );
    expect(uneven).toBeGreaterThan(50);
  });

  it('lies between the bounds, and on the closed form where gradients are reduced afterwards', () => {
    fc.assert(
      fc.property(anyShares, fc.boolean(), (shares, gradients) => {
        const { scenario, chip, program, trace } = simulated(shares, 'tiny', {
          ...DROPLESS,
          layout: { overlap: { ...NO_OVERLAP, gradients } },
        });
        const closed = estimate(program, sliceTopology(chip, scenario.topology));
        expect(trace.step).toBeGreaterThanOrEqual(closed.lowerBoundSeconds * 1e12 - program.tasks.count);
        expect(trace.step).toBeLessThanOrEqual(closed.upperBoundSeconds * 1e12 + program.tasks.count);
        if (!gradients) expect(trace.step).toBe(closed.step);
      }),
      { numRuns: 60, seed: 22 },
    );
  });

  it('comes back by the way it went: links carry the rows to the experts one way, and from them the other', () => {
    const { program, scenario, chip } = simulated(hotExpert(6, 0.7));
    const { links } = sliceTopology(chip, scenario.topology);
    const [to, from] = program.collectives
      .filter(({ kind }) => kind === 'all-to-all')
      .map(({ plan }) => program.plans[plan].groups[0].phases[0]);
    const byEnds = ({ links: rows, bytes }: typeof to, back: boolean): string[] =>
      Array.from(rows, (row, i) => `${links[back ? 'to' : 'from'][row]} ${links[back ? 'from' : 'to'][row]} ${bytes[i]}`).sort();
    expect(to.links.length).toBeGreaterThan(0);
    expect(byEnds(from, true)).toEqual(byEnds(to, false));
    expect(byEnds(from, false)).not.toEqual(byEnds(to, false));
  });
});

describe('a device without rows', () => {
  const { program, trace } = simulated((expert) => (expert < 2 ? 0 : 1 / 6));

  it('takes part in every collective, writes the gradients of its experts, and waits for the others', () => {
    const rows = program.deviceTimes.filter(({ seconds }) => seconds[0] < seconds[1]);
    expect(rows.length).toBeGreaterThan(0);
    for (const { seconds } of program.deviceTimes) expect(seconds[0]).toBeGreaterThan(0);
    expect(trace.devices.wait[0]).toBe(Math.max(...trace.devices.wait));
    expect(trace.devices.wait[0]).toBeGreaterThan(0);
  });

  it('receives nothing', () => {
    const [{ plan }] = program.collectives.filter(({ kind }) => kind === 'all-to-all');
    // Three of four devices get all rows, a quarter of which are their own.
    expect(program.plans[plan].sentBytesPerDevice * 4).toBe(2048 * tiny.scenario.model.dModel * 2 * 0.75);
  });
});

describe('a load that was routed in part', () => {
  const [hot, cold] = [hotExpert(3, 0.8), balanced];

  it('gives a layer that was not routed the load of the nearest one', () => {
    const model = { ...tiny.scenario.model, encoderLayers: 12 };
    // Encoder layers 1, 3, 5, 7, 9, 11 are Switch layers; 3 is hot, 9 is not.
    const byLayer: Shares = (expert, experts, layer) => (layer < 6 ? hot : cold)(expert, experts, layer);
    const sampled = loadOf({ ...tiny.scenario, model }, byLayer, (ordinal) => ordinal === 1 || ordinal === 4);
    const { program } = lowered('tiny', { ...DROPLESS, model }, sampled);
    const hotLayers = new Set(
      Array.from(program.tasks.deviceRow.keys())
        .filter((task) => program.tasks.deviceRow[task] >= 0)
        .map((task) => program.names[program.tasks.name[task]].split(' switch ffn')[0]),
    );
    // Of the decoder nothing was routed: it takes the encoder's nearest, the hot one at 3.
    expect([...hotLayers].sort()).toEqual(['decoder 1', 'encoder 1', 'encoder 3', 'encoder 5']);
  });

  it('is scaled to all groups', () => {
    const whole = loadOf(tiny.scenario, hot);
    const half: Load = {
      ...whole,
      layers: whole.layers.map((layer) => ({
        ...layer,
        groups: layer.groups / 2,
        routedGroups: layer.routedGroups.filter((group) => group % 2 === 0),
        requested: layer.requested.map((rows) => rows / 2),
        kept: layer.kept.map((rows) => rows / 2),
        tokenTraffic: layer.tokenTraffic && {
          ...layer.tokenTraffic,
          bytes: layer.tokenTraffic.bytes.map((bytes) => bytes / 2),
          routedGroups: groupsByDevice(layer.totalGroups, layer.tokenTraffic.devices, (group) => group % 2 === 0),
        },
      })),
    };
    // The decoder has one group per device: of half of the devices nothing is known, and all send the mean, as they do in this load.
    expect(lowered('tiny', DROPLESS, half).program).toEqual(lowered('tiny', DROPLESS, whole).program);
  });

  it('spreads what stands for several devices over them', () => {
    const whole = loadOf(tiny.scenario, (expert) => (expert < 4 ? 0.05 : 0.2));
    const merged: Load = { ...whole, layers: whole.layers.map((layer) => ({ ...layer, tokenTraffic: inPairs(layer.tokenTraffic) })) };
    expect(merged.layers[0].tokenTraffic?.rows).toBe(2);
    expect(lowered('tiny', DROPLESS, merged).program).toEqual(lowered('tiny', DROPLESS, whole).program);
  });
});

describe('experts on every device', () => {
  it('share the rows evenly, and nothing travels', () => {
    const changes = { ...DROPLESS, layout: { expertsOver: 'none' as const } };
    const { program, trace } = simulated(hotExpert(3, 0.8), 'tiny', changes);
    expect(program.deviceTimes).toEqual([]);
    expect(sentBytesPerDevice(program, 'all-to-all')).toBe(0);
    expect(sum(trace.devices.wait)).toBe(0);
    expect(program.executedFlops / tiny.program.executedFlops).toBeCloseTo(1, 12);
  });
});

describe('tiny, half of the choices on expert 3', () => {
  const { program, trace, chip } = simulated(hotExpert(3, 0.5));

  it('takes the step that it took when this was written', () => {
    expect(trace.step).toBe(499_658_375);
    expect(trace.fingerprint).toBe('3c326541036a174b');
  });

  it('has the times of the first grouped product that follow by hand', () => {
    const task = program.names.indexOf('encoder 1 switch ffn: in');
    const row = Array.from(program.tasks.deviceRow).find((_, i) => program.tasks.name[i] === task) ?? -1;
    const { productPeakShare, productLaunchSeconds, productWindowBytes, productExposedCost, copyPeakShare } = chip.efficiency;
    // Two devices and four arrays per chip: 64 x 256 weights are two tiles, one for each of the device's arrays.
    const cyclesPerSecond = chip.matmulFlopsPerSecond / (2 * 128 * 128 * 4);
    const cold = 2048 / 14;
    const devices = [
      { rows: 2 * cold, cycles: 152 + 152 },
      { rows: 1024 + cold, cycles: 1024 + 152 },
    ];
    for (const [device, { rows, cycles }] of devices.entries()) {
      const matrix = cycles / (cyclesPerSecond * productPeakShare);
      // Rows of 64 in, rows of 2 x 128 out, in bf16; two experts' weights in f32.
      const bytes = 2 * rows * (64 + 256) + 4 * 2 * 64 * 256;
      const exposed = productWindowBytes / (productWindowBytes + bytes);
      const hbm = (bytes * (1 + productExposedCost * exposed)) / ((chip.hbmBytesPerSecond / 2) * copyPeakShare);
      const byHand = productLaunchSeconds + Math.max(matrix, hbm) + exposed * Math.min(matrix, hbm);
      expect(program.deviceTimes[row].seconds[device]).toBeCloseTo(byHand, 15);
    }
  });
});

function inPairs(traffic: Load['layers'][number]['tokenTraffic']): Load['layers'][number]['tokenTraffic'] {
  if (traffic === null) return null;
  const bytes = new Float64Array(4);
  for (const [pair, one] of traffic.bytes.entries()) bytes[2 * Math.floor(pair / 8) + Math.floor((pair % 4) / 2)] += one;
  const [a, b, c, d] = traffic.routedGroups;
  return { ...traffic, devicesPerRow: 2, rows: 2, bytes, routedGroups: Float64Array.of(a + b, c + d) };
}

import { describe, expect, it } from 'vitest';
import { type PodOptimizer, readState, writeState } from '../../../src/emulate/index.ts';
import { F32, REFERENCE_OPTIMIZERS, runStepAlone, widenBf16 } from '../../../src/kernels/index.ts';
import { axisSize, groupName, groupSize, shardsOf, weightGroupOf } from '../../../src/layout/index.ts';
import { bf16Elements, tensorShard } from '../../../src/model/index.ts';
import { alone, differentDecisions, learn, STEPS, worstLoss } from './learned.ts';
import {
  constantRate,
  deviation,
  gainBytes,
  movedBytes,
  type OpenPod,
  openPod,
  outcome,
  predictedBytes,
  type SmallPod,
  valuesOf,
  wholeOf,
} from './support.ts';

const ADAFACTOR: PodOptimizer = { name: 'adafactor', learningRate: constantRate(0.03), settings: {} };
const UNFACTORED: PodOptimizer = { name: 'adafactor-unfactored', learningRate: constantRate(0.02), settings: {} };
const SGD: PodOptimizer = { name: 'sgd', learningRate: constantRate(0.3), settings: { momentum: 0.5 } };

const ALONE = '{ici: {data: 1}, expertsOver: none}';
/** Every matrix whole on some core. */
const UNCUT = [
  [8, '{ici: {data: 8}, expertsOver: none}'],
  [8, '{ici: {data: 8}, expertsOver: data}'],
  [8, '{ici: {data: 4, pipeline: 2}, expertsOver: data, microbatches: 2}'],
] as const;
/** Parts of rows, of columns, of experts; ranges that begin in the middle of a row (attention outputs of 8 rows over 16 cores); tables that are held twice. */
const CUT = [
  [4, '{ici: {tensor: 4}, expertsOver: none}'],
  [8, '{ici: {data: 4, tensor: 2}, expertsOver: data}'],
  [8, '{ici: {expert: 4, tensor: 2}, expertsOver: expert}'],
  [8, '{ici: {fsdp: 8}, expertsOver: none}'],
  [8, '{ici: {fsdp: 4, tensor: 2}, expertsOver: none}'],
  [8, '{ici: {data: 2, fsdp: 2, expert: 2}, expertsOver: expert}'],
  [8, '{ici: {data: 4, tensor: 2}, expertsOver: none, zero: 3}'],
  [64, '{ici: {data: 2, fsdp: 2, expert: 4, tensor: 4}, expertsOver: expert}'],
  [64, '{ici: {fsdp: 16, tensor: 4}, expertsOver: none}'],
  [8, '{ici: {data: 2, fsdp: 2, tensor: 2}, expertsOver: data, microbatches: 2}'],
  [8, '{ici: {fsdp: 2, tensor: 2, pipeline: 2}, expertsOver: none, microbatches: 2}'],
  [8, '{ici: {fsdp: 2, tensor: 2, pipeline: 2}, expertsOver: none, microbatches: 2, tensorActivations: sharded}'],
] as const;

const CASES = [
  ...[...UNCUT, ...CUT].map(([cores, layout]) => [ADAFACTOR, cores, layout] as const),
  ...[UNCUT[0], CUT[1], CUT[3], CUT[4], CUT[10]].flatMap(([cores, layout]) => [
    [UNFACTORED, cores, layout] as const,
    [SGD, cores, layout] as const,
  ]),
].map(([optimizer, cores, layout]) => ({ name: optimizer.name, optimizer, cores, layout }));

describe('a pod', () => {
  it.each(CASES)('with $name, $cores cores, $layout: twenty steps are those of one core', ({ optimizer, cores, layout }) => {
    const small = { optimizer, expertCapacity: 8 };
    const one = alone(small);
    const ours = learn(openPod(layout, { ...small, cores }));
    expect(worstLoss(ours, one)).toBeLessThan(1e-5);
    expect(deviation(ours.weights, one.weights)).toBeLessThan(1e-5);
    expect(differentDecisions(ours, one)).toBe(0);
    expect(one.losses[STEPS - 1].crossEntropy).toBeLessThan(one.losses[0].crossEntropy - 0.3);
  });

  it.each([ADAFACTOR, UNFACTORED, SGD])('with $name: one core has the bits of the reference on every whole matrix', (optimizer) => {
    const pod = openPod(ALONE, { cores: 1, optimizer });
    const reference = REFERENCE_OPTIMIZERS[optimizer.name](optimizer.settings);
    pod.upTo(0);
    const expected = wholeOf(pod, 'stored');
    const states = pod.plan.parameters.map(({ matrix }) => Array.from({ length: matrix.copies }, () => reference.initialise(F32, matrix)));
    for (let step = 1; step <= 4; step++) {
      pod.upTo(step);
      const gradients = wholeOf(pod, 'gradientShard');
      const weights = wholeOf(pod, 'stored');
      for (const [index, { unit, name, matrix }] of pod.plan.parameters.entries()) {
        const key = `${unit} ${name}`;
        const elements = matrix.rows * matrix.columns;
        for (const [copy, state] of states[index].entries()) {
          const part = (whole: ReadonlyMap<string, Float64Array>): Float64Array =>
            whole.get(key)?.subarray(copy * elements, (copy + 1) * elements) ?? new Float64Array();
          const at = { step, learningRate: optimizer.learningRate.highest };
          reference.update(F32, matrix, at, { weights: part(expected), gradient: part(gradients), state });
          expect(part(weights)).toEqual(part(expected));
        }
      }
    }
  });

  it.each([UNCUT[1], ...[CUT[4], CUT[7], CUT[10]]])(
    '%i cores, %s: computes the same bits whoever takes which item, and in whatever order',
    (cores, layout) => {
      const LANES = 3;
      const one = openPod(layout, { cores, optimizer: ADAFACTOR });
      one.upTo(2);
      const several = openPod(layout, { cores, optimizer: ADAFACTOR }, LANES);
      for (const n of [0, 1, 2]) {
        const step = several.step(n);
        for (const [phase, items] of step.phaseItems.entries()) {
          for (let item = items - 1; item >= 0; item--) step.run(phase, item, (item * 7 + phase) % LANES);
        }
      }
      expect(readState(several.plan, several.memory.buffer)).toEqual(readState(one.plan, one.memory.buffer));
    },
  );

  it('makes smaller steps where the rate falls', () => {
    const learningRate = { highest: 0.3, warmupSteps: 2, decay: 'linear', steps: 4 } as const;
    const pod = openPod(ALONE, { cores: 1, optimizer: { name: 'sgd', learningRate, settings: {} } });
    const changeOf = (step: number): number => {
      pod.upTo(step - 1);
      const before = wholeOf(pod, 'stored').get('0 table') ?? new Float64Array();
      pod.upTo(step);
      const after = wholeOf(pod, 'stored').get('0 table') ?? new Float64Array();
      const gradient = wholeOf(pod, 'gradientShard').get('0 table') ?? new Float64Array();
      const largest = gradient.reduce((most, one, i) => (Math.abs(one) > Math.abs(gradient[most]) ? i : most), 0);
      return (before[largest] - after[largest]) / gradient[largest];
    };
    for (const [step, rate] of [0.15, 0.3, 0.15, 0].entries()) expect(changeOf(step + 1)).toBeCloseTo(rate, 4);
  });

  it.each([CUT[4], UNCUT[1]])('%i cores, %s: multiplies in bf16 with copies of the weights that were updated', (cores, layout) => {
    const pod = openPod(layout, { cores, dtype: 'bf16', optimizer: ADAFACTOR });
    pod.upTo(2);
    for (const { held } of pod.plan.microbatches[0]) {
      for (const one of held) {
        if (one === null) continue;
        const copy = bf16Elements(pod.memory.buffer, one.sent);
        const wide = new Float32Array(copy.length);
        widenBf16(copy, wide);
        for (const [i, value] of valuesOf(pod.memory, one.stored).entries())
          expect(Math.abs(wide[i] - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -8);
      }
    }
  });
});

/**
 * What a step sends of statistics, by axes: two times (n - 1) times 4 bytes for each number that n members add up. Numbers of a local matrix [R', C'] are its rows and columns, and
 * two sums over all of it; over the tensor axis the whole side of it and these two.
 */
function statisticsBytes({ plan, scenario: { layout, model } }: OpenPod): Record<string, number> {
  const sent: Record<string, number> = {};
  const add = (axis: string, members: number, devices: number, numbers: number): void => {
    if (members > 1)
      sent[`all-reduce ${axis} (statistics)`] =
        (sent[`all-reduce ${axis} (statistics)`] ?? 0) + (devices / members) * 2 * (members - 1) * 4 * numbers;
  };
  const stages = axisSize(layout, 'pipeline');
  const tensor = axisSize(layout, 'tensor');
  const devices = plan.request.mesh.devices / stages;
  for (const { name, unit, matrix } of plan.parameters) {
    const held = name === 'table' && unit === 0 && model.tiedEmbeddings && stages > 1 ? 2 * devices : devices;
    const { rows, columns } = tensorShard(matrix, tensor);
    const copies = matrix.expert ? matrix.copies / shardsOf(layout).experts : 1;
    const group = weightGroupOf(matrix, layout);
    add(groupName(group), groupSize(layout, group), held, copies * ((rows === 1 ? 0 : rows + columns) + 2));
    if (matrix.cut !== 'none') add('tensor', tensor, held, copies * ((matrix.cut === 'rows' ? columns : rows) + 2));
  }
  return sent;
}

describe('the statistics of Adafactor', () => {
  it.each([...UNCUT, ...CUT])('%i cores, %s: are all that is sent beside what the program says', (cores, layout) => {
    const pod = openPod(layout, { cores, optimizer: ADAFACTOR });
    pod.upTo(1);
    const statistics = statisticsBytes(pod);
    expect(movedBytes(pod)).toEqual({ ...predictedBytes(pod), ...gainBytes(pod), ...statistics });
    expect(Object.keys(statistics).length > 0).toBe(CUT.some(([, cut]) => cut === layout));
  });

  it('are a small part of what two moments would be', () => {
    const bytesOf = (layout: string, small: SmallPod): number => {
      const pod = openPod(layout, small);
      pod.upTo(0);
      return readState(pod.plan, pod.memory.buffer).bytes.length;
    };
    const weights = bytesOf(ALONE, { cores: 1, optimizer: { ...SGD, settings: {} } });
    expect(bytesOf(ALONE, { cores: 1 })).toBe(3 * weights);
    expect(bytesOf(ALONE, { cores: 1, optimizer: SGD })).toBe(2 * weights);
    const { plan } = openPod(ALONE, { cores: 1 });
    const numbers = plan.parameters.map(({ matrix: { rows, columns, copies } }) => copies * (rows === 1 ? columns : rows + columns));
    const expected = weights + 4 * numbers.reduce((sum, one) => sum + one, 0);
    for (const [cores, layout] of [[1, ALONE] as const, UNCUT[1], CUT[1], CUT[4], CUT[10]])
      expect(bytesOf(layout, { cores, optimizer: ADAFACTOR })).toBe(expected);
  });

  it.each([CUT[4], CUT[10]])('%i cores, %s: go with the state to a pod that goes on with the same bits', (cores, layout) => {
    const small = { cores, optimizer: ADAFACTOR };
    const whole = openPod(layout, small);
    whole.upTo(5);
    const first = openPod(layout, small);
    first.upTo(2);
    const second = openPod(layout, small);
    second.upTo(0);
    writeState(second.plan, second.memory.buffer, readState(first.plan, first.memory.buffer));
    for (const n of [3, 4, 5]) runStepAlone(second.step(n));
    expect(outcome(second)).toEqual(outcome(whole));
    expect(readState(second.plan, second.memory.buffer)).toEqual(readState(whole.plan, whole.memory.buffer));
  });

  it('stay as they are in a step with a gradient that is no number', () => {
    const pod = openPod(CUT[4][1], { optimizer: ADAFACTOR });
    pod.upTo(2);
    const gain = pod.plan.parameters.findIndex(({ unit, name }) => unit === 3 && name === 'gain');
    const views = pod.plan.microbatches[0].flatMap(({ held }) => held[gain]?.stored ?? []);
    const before = readState(pod.plan, pod.memory.buffer);
    const good = views.map((view) => valuesOf(pod.memory, view)[0]);
    for (const view of views) valuesOf(pod.memory, view)[0] = Number.NaN;
    runStepAlone(pod.step(3));
    for (const [i, view] of views.entries()) valuesOf(pod.memory, view)[0] = good[i];
    expect(readState(pod.plan, pod.memory.buffer)).toEqual(before);
  });
});

import { type MetricName, metricsFrom, RESULT_SCHEMA, type Result, resultFingerprint } from '../../src/result/index.ts';
import type { Scenario } from '../../src/scenario/index.ts';

/** Numbers of a plausible run; no test depends on what they are, only on what is done with them. */
export const VALUES: Readonly<Record<MetricName, number>> = {
  stepSeconds: 0.8,
  examplesPerSecond: 1280,
  tokensPerSecondPerChip: 50_080,
  mfu: 0.231,
  hfu: 0.352,
  computeSeconds: 0.6,
  exposedCommunicationSeconds: 0.15,
  waitSeconds: 0.05,
  hbmPeakBytes: 12e9,
  hbmCapacityBytes: 16e9,
  iciBytesPerDevice: 3.4e9,
  allToAllBytesPerDevice: 1.1e9,
  allToAllsPerStep: 8,
  droppedTokenFraction: 0.0534,
  maxOverMeanExpertLoad: 1.62,
  expertCapacity: 10,
  slotsPerToken: 1.25,
  choicesPerToken: 1,
  dollarsPerBillionTokens: 12_345.6,
};

export const SCENARIO = {
  name: 'sample',
  question: 'How long is a step?',
  topology: { chip: 'tpu-v3', shape: [2, 2], wrap: [false, false], slices: 1, slowDevices: [] },
  model: {
    name: 'switch-tiny',
    family: 'encoder-decoder',
    encoderLayers: 2,
    decoderLayers: 2,
    dModel: 64,
    dFf: 128,
    heads: 4,
    headDim: 16,
    vocab: 512,
    ffnMatrices: 3,
    tiedEmbeddings: true,
    moe: { experts: 8, dExpert: 128, layersEvery: 2 },
  },
  routing: {
    router: 'switch-top1',
    capacityFactor: 1.25,
    capacityRule: 'mesh-tf',
    groupTokens: 1024,
    groupsMultipleOf: 8,
    dispatch: 'einsum',
  },
  workload: { kind: 'train', sequences: 64, sequenceLength: 32, targetLength: 8, optimizer: 'adafactor', remat: 'none' },
  seed: 7,
} as unknown as Scenario;

export function sampleResult(values: Readonly<Record<MetricName, number>> = VALUES): Result {
  const body = {
    schema: RESULT_SCHEMA,
    scenario: SCENARIO,
    metrics: metricsFrom(values),
    analytic: [{ name: 'stepSeconds', value: 0.77, unit: 's' }],
    published: [{ metric: 'examplesPerSecond', value: 1000, unit: 'examples/s', source: 'a paper', asOf: '2021-01-11' }],
    detail: {
      breakdown: [{ part: 'attention', kind: 'compute', secondsByStage: [0.1, 0.1, 0.1, 0] }],
      timeline: {
        device: 0,
        spans: [{ track: 'compute', name: 'qkv', part: 'attention', stage: 'fw', startSeconds: 0, endSeconds: 0.01 }],
      },
      expertLoads: [
        {
          stack: 'encoder',
          layer: 1,
          requested: [9, 7],
          kept: [8, 7],
          slotsPerExpert: 8,
          expertCapacity: 8,
          groupTokens: 16,
          groups: 1,
          totalGroups: 4,
          droppedTokenFraction: 0.0625,
          maxOverMean: 1.125,
          idleExperts: 0,
          expertUsage: 0.9375,
          loadEntropy: 0.989,
          routerConfidence: 0.4,
          auxiliaryLoss: null,
          routerZLoss: null,
        },
      ],
      links: {
        shape: [2, 2],
        wrap: [false, false],
        devicesPerChip: 2,
        rows: [
          { from: 0, to: 1, axis: 0, bytes: 5e8, busySeconds: 0.1, utilisation: 0.125 },
          { from: 2, to: 3, axis: 0, bytes: 9e8, busySeconds: 0.2, utilisation: 0.25 },
        ],
      },
      traffic: [
        {
          stack: 'encoder',
          layer: 1,
          devices: 2,
          rows: 2,
          devicesPerRow: 1,
          tokenBytes: [1, 2, 3, 4],
          slotBytesPerPair: 8,
          predictedBytesToOthers: 16,
          executedBytesToOthers: 16,
        },
      ],
      memory: {
        capacityBytes: 16e9,
        peakBytes: 12e9,
        peakAtSeconds: 0.4,
        closedFormBytes: 11.8e9,
        points: [{ seconds: 0, bytes: 4e9 }],
        atPeak: [{ name: 'weights', bytes: 3e9 }],
      },
      clusterings: [
        {
          name: 'uniform',
          strength: null,
          from: 'exact',
          droppedTokenFraction: 0.0527,
          standardError: 0,
          maxOverMeanExpertLoad: null,
          tokens: 1024,
          layers: 1,
        },
      ],
      verification: { tokens: 64, tokensShare: 0.01, devices: 8, comparedValues: 4096, differingValues: 0 },
      sampling: { routedLayers: 6, totalLayers: 12, routedTokens: 524_288, totalTokens: 1_048_576, standardError: 0.0004 },
      assumptions: ['The router is untrained.'],
    },
    warnings: [{ code: 'W_SAMPLED', message: 'six of twelve layers' }],
  } as const;
  return {
    ...body,
    fingerprint: resultFingerprint(body),
    provenance: {
      version: '0.1.0',
      node: 'v20.20.2',
      threads: 2,
      kernelPath: 'naive',
      startedAt: '2025-01-01T00:00:00Z',
      wallSeconds: 3,
      dataSources: ['tpu-v3'],
    },
  };
}

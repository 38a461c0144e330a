/** A Result as a run of Switch-Base on 32 cores of TPU v3 could give it: consistent within itself, its numbers invented. */
import { Purpose, uniform } from '../../src/base/index.ts';
import { NO_OVERLAP } from '../../src/layout/index.ts';
import { MODEL_PRESETS } from '../../src/model/index.ts';
import { STAGES } from '../../src/program/index.ts';
import {
  type BreakdownRow,
  COMPARISON_SCHEMA,
  type Comparison,
  type ExpertLoadRow,
  type LayerTraffic,
  type LinkRow,
  METRICS,
  type Metric,
  type MetricName,
  RESULT_SCHEMA,
  type Result,
  type TimelineSpan,
} from '../../src/result/index.ts';
import { CLUSTERING_STRENGTHS, SCENARIO_DEFAULTS, type Scenario } from '../../src/scenario/index.ts';

const DEVICES = 32;
const EXPERTS = 128;
const GROUPS = 512;
const CAPACITY = 10;

/** In [0, 1), the same in every run. */
function draw(stream: number, index: number): number {
  return uniform(11, Purpose.test, stream, index);
}

export function sampleScenario(name = 'switch-base-v3-32'): Scenario {
  return {
    name,
    question: 'How long is a Switch-Base step on 16 chips of TPU v3, and what holds it up?',
    topology: { chip: 'tpu-v3', shape: [4, 4], wrap: [false, false], slices: 1, slowDevices: [] },
    model: MODEL_PRESETS['switch-base'].spec,
    layout: {
      ...SCENARIO_DEFAULTS.layout,
      ici: { data: DEVICES, pipeline: 1, fsdp: 1, context: 1, tensor: 1, expert: 1 },
      dcn: { data: 1, pipeline: 1, fsdp: 1, context: 1, tensor: 1, expert: 1 },
      expertsOver: 'data',
      tensorActivations: 'whole',
      overlap: NO_OVERLAP,
    },
    routing: { ...SCENARIO_DEFAULTS.routing, groupsMultipleOf: DEVICES },
    workload: {
      ...SCENARIO_DEFAULTS.workload,
      embedding: 'gather',
      layers: 'unrolled',
      attentionKernel: 'dot',
      expertDropout: 0,
      teacher: null,
    },
    precision: { ...SCENARIO_DEFAULTS.precision, gradients: 'bf16' },
    load: { kind: 'measured', clustering: CLUSTERING_STRENGTHS.default },
    emulate: SCENARIO_DEFAULTS.emulate,
    seed: SCENARIO_DEFAULTS.seed,
    vary: {},
    assert: {},
    ignoreMemory: false,
  };
}

/** Parts of one layer and the share of a stage that each takes; two are collectives. */
const LAYER = [
  { name: 'self-attention', part: 'attention', seconds: 2.4e-3, track: 'compute' },
  { name: 'layer norm', part: 'norm', seconds: 0.4e-3, track: 'compute' },
  { name: 'dense GEGLU', part: 'dense ffn', seconds: 3.1e-3, track: 'compute' },
  { name: 'self-attention', part: 'attention', seconds: 2.4e-3, track: 'compute' },
  { name: 'router', part: 'router', seconds: 0.7e-3, track: 'compute' },
  { name: 'one-hot dispatch', part: 'dispatch', seconds: 2.2e-3, track: 'compute' },
  { name: 'dispatch all-to-all', part: 'all-to-all', seconds: 1.9e-3, track: 'ici' },
  { name: 'expert GEGLU', part: 'experts', seconds: 4.0e-3, track: 'compute' },
  { name: 'combine all-to-all', part: 'all-to-all', seconds: 1.9e-3, track: 'ici' },
  { name: 'one-hot combine', part: 'combine', seconds: 1.6e-3, track: 'compute' },
] as const;

/** Before each pair of layers, forward and backward, device 0 waits for the others. */
const WAIT_SECONDS = 0.5e-3;

function timelineSpans(): readonly TimelineSpan[] {
  const spans: TimelineSpan[] = [];
  let now = 0;
  const add = (name: string, part: string, stage: string, seconds: number, track: 'compute' | 'ici'): void => {
    spans.push({ track, name, part, stage, startSeconds: now, endSeconds: now + seconds });
    now += seconds;
  };
  add('token embedding', 'embedding', 'fw', 3e-3, 'compute');
  for (const stage of ['fw', 'agrad', 'wgrad']) {
    for (let pair = 0; pair < 12; pair++) {
      if (stage !== 'wgrad') now += WAIT_SECONDS;
      for (const op of LAYER) {
        if (stage === 'wgrad' && op.track === 'ici') continue;
        for (let piece = 0; piece < 4; piece++)
          add(`${op.name} ${pair}.${piece}`, op.part, stage, (op.seconds / 4) * (0.9 + 0.2 * draw(1, spans.length)), op.track);
      }
    }
    if (stage === 'fw') add('logits and loss', 'logits', 'fw', 14e-3, 'compute');
  }
  add('gradient all-reduce', 'gradients', 'optim', 46e-3, 'ici');
  add('Adafactor', 'optimizer', 'optim', 21e-3, 'compute');
  return spans;
}

function breakdownOf(spans: readonly TimelineSpan[]): readonly BreakdownRow[] {
  const rows = new Map<string, { part: string; kind: BreakdownRow['kind']; secondsByStage: number[] }>();
  for (const span of spans) {
    const kind = span.track === 'compute' ? 'compute' : 'exposedCommunication';
    const key = `${span.part} ${kind}`;
    const row = rows.get(key) ?? { part: span.part, kind, secondsByStage: STAGES.map(() => 0) };
    rows.set(key, row);
    row.secondsByStage[STAGES.indexOf(span.stage as (typeof STAGES)[number])] += span.endSeconds - span.startSeconds;
  }
  const wait = STAGES.map((stage) => (stage === 'fw' || stage === 'agrad' ? 12 * WAIT_SECONDS : 0));
  return [...rows.values(), { part: 'all-to-all', kind: 'wait', secondsByStage: wait }];
}

function expertLoads(): readonly ExpertLoadRow[] {
  return Array.from({ length: 12 }, (_, index) => {
    const weights = Array.from({ length: EXPERTS }, (_, e) => 0.4 + 1.4 * draw(10 + index, e) ** 2);
    const total = weights.reduce((a, b) => a + b, 0);
    const tokens = GROUPS * 1024;
    const requested = weights.map((w) => Math.round((w / total) * tokens));
    const slots = CAPACITY * GROUPS;
    const kept = requested.map((r) => Math.round(Math.min(r * 0.96, slots * 0.99)));
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    return {
      stack: index < 6 ? 'encoder' : 'decoder',
      layer: (index % 6) * 2 + 1,
      requested,
      kept,
      slotsPerExpert: slots,
      expertCapacity: CAPACITY,
      groupTokens: 1024,
      groups: GROUPS,
      totalGroups: GROUPS,
      droppedTokenFraction: 1 - sum(kept) / sum(requested),
      maxOverMean: Math.max(...requested) / (sum(requested) / EXPERTS),
      idleExperts: 0,
      expertUsage: 0.76,
      loadEntropy: 0.98,
      routerConfidence: 0.031,
      auxiliaryLoss: 1.08,
      routerZLoss: 24.1,
    };
  });
}

function linkRows(): readonly LinkRow[] {
  const rows: LinkRow[] = [];
  for (let chip = 0; chip < 16; chip++) {
    const [x, y] = [chip % 4, Math.floor(chip / 4)];
    for (const [axis, dx, dy] of [
      [0, 1, 0],
      [0, -1, 0],
      [1, 0, 1],
      [1, 0, -1],
    ] as const) {
      const [tx, ty] = [x + dx, y + dy];
      if (tx < 0 || tx > 3 || ty < 0 || ty > 3) continue;
      const crossing = axis === 0 ? Math.min(x, tx) : Math.min(y, ty);
      const bytes = Math.round((crossing === 1 ? 4.1e9 : 3.1e9) * (0.9 + 0.2 * draw(40, rows.length)));
      rows.push({
        from: chip,
        to: ty * 4 + tx,
        axis,
        direction: dx + dy,
        kind: 'ici',
        bytes,
        busySeconds: bytes / 7e10,
        utilisation: bytes / 7e10 / 0.95,
      });
    }
  }
  return rows;
}

function traffic(): readonly LayerTraffic[] {
  return Array.from({ length: 12 }, (_, index) => ({
    stack: index < 6 ? 'encoder' : 'decoder',
    layer: (index % 6) * 2 + 1,
    devices: DEVICES,
    rows: DEVICES,
    devicesPerRow: 1,
    groups: 1,
    tokenBytes: Array.from({ length: DEVICES * DEVICES }, (_, i) =>
      Math.round(786_432 * (0.5 + 0.8 * draw(60 + index, i % DEVICES) + 0.2 * draw(80 + index, i))),
    ),
    slotBytesPerPair: 983_040,
    predictedBytesToOthers: 983_040 * DEVICES * (DEVICES - 1),
    executedBytesToOthers: 983_040 * DEVICES * (DEVICES - 1),
  }));
}

function metrics(step: number, split: { compute: number; exposed: number; wait: number }, scale = 1): readonly Metric[] {
  const values: Record<MetricName, number> = {
    stepSeconds: step,
    examplesPerSecond: 1024 / step,
    tokensPerSecondPerChip: (1024 * 626) / step / 16,
    mfu: 0.214 / scale,
    hfu: 0.262,
    computeSeconds: split.compute,
    exposedCommunicationSeconds: split.exposed,
    waitSeconds: split.wait,
    hbmPeakBytes: 9.81e9 * scale,
    hbmCapacityBytes: 17_179_869_184,
    iciBytesPerDevice: 5.62e9 * scale,
    allToAllBytesPerDevice: 3.95e9 * scale,
    droppedTokenFraction: 0.118 / scale,
    maxOverMeanExpertLoad: 2.41,
    expertCapacity: Math.round(CAPACITY * scale),
    slotsPerToken: 1.25 * scale,
    choicesPerToken: 1,
    allToAllsPerStep: 48,
    dollarsPerBillionTokens: 12.9 * scale,
  };
  return (Object.keys(values) as MetricName[]).map((name) => {
    const base = { name, value: values[name], unit: METRICS[name].unit, from: METRICS[name].from };
    return name === 'droppedTokenFraction' ? { ...base, interval: [values[name] * 0.985, values[name] * 1.015] as const } : base;
  });
}

function splitOf(breakdown: readonly BreakdownRow[]): { compute: number; exposed: number; wait: number } {
  const of = (kind: BreakdownRow['kind']): number =>
    breakdown.filter((row) => row.kind === kind).reduce((sum, row) => sum + row.secondsByStage.reduce((a, b) => a + b, 0), 0);
  return { compute: of('compute'), exposed: of('exposedCommunication'), wait: of('wait') };
}

const PROVENANCE = {
  version: '0.1.0',
  node: '20.20.2',
  threads: 2,
  kernelPath: 'wasm-simd',
  startedAt: '2026-01-05T10:00:00Z',
  wallSeconds: 21.4,
  dataSources: ['topologies/chips/tpu-v3.yaml: Google Cloud documentation, 2025-11'],
};

export function sampleResult(name?: string): Result {
  const spans = timelineSpans();
  const step = spans.at(-1)?.endSeconds ?? 0;
  const breakdown = breakdownOf(spans);
  const points = Array.from({ length: 240 }, (_, i) => ({
    seconds: (step * i) / 239,
    bytes: 4.1e9 + 5.7e9 * Math.max(0, 1 - Math.abs(i - 90) / 90),
  }));
  const peak = points.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  return {
    schema: RESULT_SCHEMA,
    scenario: sampleScenario(name),
    metrics: metrics(step, splitOf(breakdown)),
    analytic: [
      { name: 'stepSeconds', value: step * 0.94, unit: 's' },
      { name: 'computeSeconds', value: step * 0.8, unit: 's' },
      { name: 'communicationSeconds', value: step * 0.19, unit: 's' },
      { name: 'exposedCommunicationSeconds', value: step * 0.15, unit: 's' },
      { name: 'lowerBoundSeconds', value: step * 0.8, unit: 's' },
      { name: 'upperBoundSeconds', value: step * 1.3, unit: 's' },
    ],
    published: [
      {
        metric: 'examplesPerSecond',
        value: 1000,
        unit: 'examples/s',
        source: 'Switch Transformers, arXiv:2101.03961, table 1',
        asOf: '2022-06',
      },
    ],
    detail: {
      breakdown,
      timeline: { device: 0, spans },
      expertLoads: expertLoads(),
      links: { shape: [4, 4], wrap: [false, false], slices: 1, chips: 16, hosts: 0, devicesPerChip: 2, rows: linkRows() },
      traffic: traffic(),
      memory: {
        capacityBytes: 17_179_869_184,
        peakBytes: peak.bytes,
        peakAtSeconds: peak.seconds,
        closedFormBytes: peak.bytes * 0.98,
        points,
        atPeak: Array.from({ length: 22 }, (_, i) => ({
          name: `activations of encoder layer ${i}`,
          bytes: Math.round(peak.bytes * 0.2 * 0.8 ** i),
        })),
      },
      clusterings: [
        {
          name: 'uniform, exact',
          strength: null,
          from: 'exact',
          droppedTokenFraction: 0.0527,
          standardError: 0,
          maxOverMeanExpertLoad: null,
          tokens: 0,
          layers: 0,
        },
        {
          name: 'uniform',
          strength: 0,
          from: 'kernels',
          droppedTokenFraction: 0.0531,
          standardError: 0.0004,
          maxOverMeanExpertLoad: 1.12,
          tokens: 524_288,
          layers: 12,
        },
        {
          name: 'default',
          strength: 0.1,
          from: 'kernels',
          droppedTokenFraction: 0.118,
          standardError: 0.003,
          maxOverMeanExpertLoad: 2.41,
          tokens: 524_288,
          layers: 12,
        },
        {
          name: 'strong',
          strength: 0.5,
          from: 'kernels',
          droppedTokenFraction: 0.347,
          standardError: 0.011,
          maxOverMeanExpertLoad: 6.02,
          tokens: 524_288,
          layers: 12,
        },
      ],
      verification: { tokens: 6411, tokensShare: 0.01, devices: 32, comparedValues: 4_923_648, differingValues: 0 },
      sampling: { routedLayers: 12, totalLayers: 12, routedTokens: 3_846_144, totalTokens: 3_846_144, standardError: 0 },
      assumptions: [
        'The router is untrained and its tokens are synthetic: their clustering is an assumption that decides about drops.',
        'Efficiencies of the matrix unit and of HBM are borrowed micro-benchmarks until this generation has its own.',
      ],
    },
    fingerprint: '5f1c0a9e3b7d2468',
    warnings: [{ code: 'W_DROP_RATE', message: 'layer encoder 3 drops 21.3 % of its tokens; raise routing.capacityFactor' }],
    provenance: PROVENANCE,
  };
}

export function sampleComparison(): Comparison {
  const settings = ['switch-top1', 'gshard-top2'].flatMap((router, r) =>
    [1, 1.25, 2].map((cf) => ({ router, cf, scale: (1 + 0.55 * r) * (0.6 + 0.4 * cf) })),
  );
  const base = sampleResult();
  const variants = settings.map(({ router, cf, scale }) => {
    const vary = { 'routing.router': router, 'routing.capacityFactor': cf };
    const scenario = { ...base.scenario, name: 'top1-vs-top2', routing: { ...base.scenario.routing, router, capacityFactor: cf } };
    const step = 0.8 + 0.35 * scale;
    return {
      vary,
      metrics: metrics(step, { compute: step * 0.8, exposed: step * 0.18, wait: step * 0.02 }, scale),
      scenario,
      breakdown: base.detail.breakdown,
    };
  });
  const [first, ...others] = variants;
  const valueIn = (list: readonly Metric[], name: MetricName): number => list.find((m) => m.name === name)?.value ?? Number.NaN;
  return {
    schema: COMPARISON_SCHEMA,
    name: 'top1-vs-top2',
    question: 'What does the second expert cost?',
    variants,
    infeasible: [
      {
        vary: { 'routing.router': 'topk', 'routing.capacityFactor': 8 },
        reasons: ['The step needs 20.0 GiB on a device that has 16.0 GiB.'],
      },
    ],
    ratios: others.map((variant) => ({
      vary: variant.vary,
      ratios: Object.fromEntries(variant.metrics.map((m) => [m.name, m.value / valueIn(first?.metrics ?? [], m.name)])),
    })),
    paired: others.flatMap((variant) => [
      { vary: variant.vary, metric: 'droppedTokenFraction' as const, mean: -0.034, interval: [-0.037, -0.031] as const, seeds: 5 },
      { vary: variant.vary, metric: 'maxOverMeanExpertLoad' as const, mean: 0.02, interval: [-0.05, 0.09] as const, seeds: 5 },
    ]),
    seeds: [7, 8, 9, 10, 11],
    fingerprint: '0badc0de12345678',
    warnings: [],
    provenance: PROVENANCE,
  };
}

import { expect, it } from 'vitest';
import { parseScenario } from '../../src/intake/index.ts';
import { simulateStep } from '../../src/study/index.ts';
import { memoryProfile } from '../../src/study/memory-profile.ts';

it.each([
  ['one stage, gathers ahead and reductions behind', '{ ici: { fsdp: 16 } }'],
  ['two stages over slices', '{ ici: { fsdp: 4, tensor: 4 }, dcn: { pipeline: 2 }, microbatches: 4, pipeline: { schedule: 1f1b } }'],
])('memory over the step is told in the order of time: %s', (_, layout) => {
  const slices = layout.includes('dcn') ? 2 : 1;
  const { scenario, chip } = parseScenario(
    'memory.yaml',
    `topology: { chip: tpu-v5e, shape: [4, 4], slices: ${slices} }
model: llama2-7b
layout: ${layout}
workload: { sequences: 64, sequenceLength: 512, remat: full }
ignoreMemory: true
`,
  );
  const { program, trace } = simulateStep(scenario, chip, null);
  const { points, parts, peakBytes, peakAtSeconds } = memoryProfile(scenario, chip, null, program, trace, 0);
  expect(points.length).toBeGreaterThan(50);
  for (const [row, { seconds }] of points.entries()) expect(seconds).toBeGreaterThanOrEqual(row === 0 ? 0 : points[row - 1].seconds);
  expect(points.at(-1)?.seconds).toBe(trace.step / 1e12);
  const highest = points.reduce((most, point) => (point.bytes > most.bytes ? point : most));
  expect(highest.bytes).toBe(peakBytes);
  expect(highest.seconds).toBe(peakAtSeconds);
  expect(parts?.every(({ bytes }) => bytes.length === points.length)).toBe(true);
});

it('the peak of another stage than that of the device that is shown has a time of its own', () => {
  const { scenario, chip } = parseScenario(
    'stages.yaml',
    `topology: { chip: tpu-v5p, shape: [2, 2, 4] }
model: llama3.1-8b
layout: { ici: { pipeline: 4, data: 4 }, microbatches: 8, pipeline: { schedule: interleaved, repeats: 2 } }
workload: { sequences: 64, sequenceLength: 2048, remat: full }
`,
  );
  const { program, trace } = simulateStep(scenario, chip, null);
  const { points, peakBytes, peakAtSeconds } = memoryProfile(scenario, chip, null, program, trace, 0);
  expect(Math.max(...points.map(({ bytes }) => bytes))).toBeLessThan(peakBytes);
  // The last stage is fullest while it has the logits, in the steady middle of the step.
  expect(peakAtSeconds).toBeGreaterThan((0.25 * trace.step) / 1e12);
  expect(peakAtSeconds).toBeLessThan(trace.step / 1e12);
});

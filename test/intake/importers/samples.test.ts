import { describe, expect, it } from 'vitest';
import { loadScenario, maxTextDocument, parseScenario } from '../../../src/intake/index.ts';
import { MODEL_PRESETS } from '../../../src/model/index.ts';

describe('files to try the importers with', () => {
  it('have the dimensions of the preset, Hugging Face', () => {
    const text = 'model: {huggingFace: qwen3-30b-a3b.json}\ntopology: tpu-v6e:8x8\nworkload: {sequences: 256}\n';
    const { scenario, warnings } = parseScenario('scenarios/models/scenario.yaml', text);
    const { name, dFf, ...preset } = MODEL_PRESETS['qwen3-30b-a3b'].spec;
    expect(scenario.model).toMatchObject(preset);
    expect(warnings.filter(({ code }) => code === 'W_IMPORT')).toEqual([]);
  });

  it('are the scenario beside them, MaxText', () => {
    const { document, warnings } = maxTextDocument('scenarios/models/maxtext-run.yml', [], undefined);
    const run = parseScenario('scenarios/models/run.json', JSON.stringify(document)).scenario;
    const { scenario } = loadScenario('scenarios/llama3.1-70b-v5p-128.yaml');
    expect(warnings).toEqual([]);
    expect(run.model).toEqual(scenario.model);
    expect(run.layout).toEqual(scenario.layout);
    expect(run.workload).toMatchObject({ sequences: scenario.workload.sequences, sequenceLength: scenario.workload.sequenceLength });
    expect(run.workload.remat).toEqual(scenario.workload.remat);
  });
});

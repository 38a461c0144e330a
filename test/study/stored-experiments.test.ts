import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { experimentText } from '../../src/cli/experiment-text.ts';
import { loadExperiment } from '../../src/intake/index.ts';
import { type ExperimentResult, readStored, resultFingerprint } from '../../src/result/index.ts';

import { judge, keptGains, summariseVariants } from '../../src/study/index.ts';

const names = readdirSync('scenarios/experiments').map((file) => file.replace(/\.yaml$/, ''));

function stored(name: string): ExperimentResult {
  return JSON.parse(readFileSync(join('data/experiments', `${name}.json`), 'utf8')) as ExperimentResult;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('stored experiments', () => {
  it('are those of the scenarios', () => {
    expect(readdirSync('data/experiments').filter((file) => file.endsWith('.json'))).toEqual(names.map((name) => `${name}.json`));
    expect(names.length).toBeGreaterThan(10);
  });

  it.each(names)('%s was made of the scenario as it is', (name) => {
    const { base, seeds, variants, claims, gains } = loadExperiment(join('scenarios/experiments', `${name}.yaml`));
    const result = stored(name);
    expect(readStored(result)).toMatchObject({ kind: 'experiment' });
    expect(result.scenario).toEqual(plain(base.scenario));
    expect(result.seeds).toEqual(seeds);
    expect(result.variants.map((variant) => [variant.name, variant.settings])).toEqual(
      variants.map((variant) => [variant.name, variant.settings]),
    );
    expect(result.claims.map(({ difference: _, verdict: __, ...claim }) => claim)).toEqual(claims);
    expect(result.gains.map(({ kept: _, ...gain }) => gain)).toEqual(gains);
  });

  it.each(names)('%s says of its runs what they say', (name) => {
    const { provenance, fingerprint, ...body } = stored(name);
    const again = summariseVariants(body.variants);
    expect(plain(again)).toEqual(body.variants);
    expect(plain(judge(body.claims, again))).toEqual(body.claims);
    expect(plain(keptGains(body.gains, again))).toEqual(body.gains);
    expect(resultFingerprint(body)).toBe(fingerprint);
    expect(provenance.wallSeconds).toBeGreaterThan(0);
    for (const { runs } of body.variants) expect(new Set(runs.map((run) => run.fingerprint)).size).toBe(runs.length);
  });

  it('stand in docs/experiments.md as they are printed (-u writes them anew)', async () => {
    await expect(documentOf(names.map(stored))).toMatchFileSnapshot('../../docs/experiments.md');
  });
});

describe('an experiment in a terminal', () => {
  it.each(names)('%s fits 80 columns, and says every claim', (name) => {
    const lines = experimentText(stored(name), 'reports').split('\n');
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    const verdicts = lines.filter((line) => /^(SEEN|NOT SEEN|CONTRADICTED|NOT MEASURED)/.test(line));
    expect(verdicts).toHaveLength(stored(name).claims.length);
  });
});

function documentOf(results: readonly ExperimentResult[]): string {
  const blocks = results.map((result) => {
    const all = experimentText(result, '').split('\n');
    const lines = all.slice(all.indexOf(''));
    const last = lines.findIndex((line) => line.startsWith('page '));
    // Columns keep their places: only empty lines go.
    const text = lines
      .slice(0, last)
      .join('\n')
      .replace(/^\n+|\s+$/g, '');
    return `## ${result.name}\n\n${result.question}\n\n\`\`\`\n${text}\n\`\`\`\n`;
  });
  return `${HEAD}\n${blocks.join('\n')}`;
}

const HEAD = `# Experiments

What the scenarios of \`scenarios/experiments\` gave, from \`data/experiments\`; \`switchyard report data/experiments/*.json --out FOLDER\` draws them. How a claim is judged stands in section 22 of
[model.md](model.md). Models of 64 columns learn half a million words: what is not seen here may well be there at the size of the papers.
`;

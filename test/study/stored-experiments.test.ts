import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { experimentText } from '../../src/cli/experiment-text.ts';
import { loadExperiment } from '../../src/intake/index.ts';
import { type ExperimentResult, readStored, resultFingerprint } from '../../src/result/index.ts';

import { judge, keptGains, summariseVariants } from '../../src/study/index.ts';

const names = readdirSync('scenarios/experiments').map((file) => file.replace(/\.yaml$/, ''));
const page = readFileSync('docs/experiments.md', 'utf8');

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

  it.each(names)('%s stands in docs/experiments.md as it is printed', (name) => {
    const text = experimentText(stored(name), 'FOLDER');
    const lines = text.slice(0, text.indexOf('page   ')).trimEnd();
    expect(page).toContain(lines);
  });
});

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { loadContrasts, loadPublished, publishedFiles } from '../../src/intake/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-published-'));
function write(name: string, value: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  return file;
}

function issuesOf(read: () => unknown) {
  try {
    read();
  } catch (error) {
    if (error instanceof InputError) return error.issues;
    throw error;
  }
  return [];
}

const [first, second] = loadPublished();

describe('a record of another shape', () => {
  it.each([
    [[{ ...first, id: 5 }], '[0].id: must be a text'],
    [[{ kind: 'train_step' }], '[0].id: id is required'],
    [[7], '[0]: must be a group of keys'],
    [{ records: [] }, ': must be a list'],
    [[{ ...first, batch: { sequences: '32' } }], '[0].batch.sequences: must be a number'],
    [[{ ...first, batch: { sequences: 0 } }], '[0].batch.sequences: must be at least 1'],
  ])('is refused in words of this project, with a remedy (%#)', (value, said) => {
    const issues = issuesOf(() => loadPublished([write('shape.json', value)]));
    expect(issues.map(({ path, rule }) => `${path}: ${rule}`)).toContain(said);
    for (const { code, rule, remedy } of issues) {
      expect(code).toBe('E_RECORD');
      expect(rule).not.toMatch(/Invalid|expected|received/);
      expect(remedy).toContain('data/published/README.md');
    }
  });
});

describe('files of published records', () => {
  it('ship with the package', () => {
    expect(publishedFiles().length).toBeGreaterThanOrEqual(1);
    expect(publishedFiles().some((file) => file.endsWith('contrasts.json'))).toBe(false);
  });

  it('keep facts for people beside what is read', () => {
    const file = write('more.json', [{ ...first, rumour: 'fast', measured: { ...first.measured, shares: [0.5, 0.5] } }]);
    expect(loadPublished([file])[0]).toMatchObject({ rumour: 'fast', measured: { shares: [0.5, 0.5] } });
  });

  it('are refused with every mistake, its place and the remedy', () => {
    const file = write('wrong.json', [
      { ...first, stepSecondsDerived: '0.64 s' },
      { ...second, doubtful: 'perhaps' },
    ]);
    const issues = issuesOf(() => loadPublished([file]));
    expect(issues.map(({ code, path }) => [code, path])).toEqual([
      ['E_RECORD', '[0].stepSecondsDerived'],
      ['E_RECORD', '[1].doubtful'],
    ]);
    expect(issues[0].value).toBe('"0.64 s"');
    expect(issues[0].place?.line).toBeGreaterThan(1);
    expect(issues[0].remedy).toContain('README.md');
  });

  it.each([
    [{ batch: { ...first.batch, sequenceLength: 2 ** 53 - 1 } }, '[0].batch.sequenceLength'],
    [{ model: { ...first.model, heads: 2 ** 53 - 1 } }, '[0].model.heads'],
    [{ topology: { ...first.topology, slices: 1e9 } }, '[0].topology.slices'],
  ])('are refused beyond what a scenario may say: %#', (wrong, path) => {
    const issues = issuesOf(() => loadPublished([write('beyond.json', [{ ...first, ...wrong }])]));
    expect(issues.map((issue) => [issue.code, issue.path])).toEqual([['E_RECORD', path]]);
  });

  it('take nulls and absent keys for silence', () => {
    const bare = { id: 'bare' };
    const nulls = Object.fromEntries(Object.keys(first).map((key) => [key, key === 'id' ? 'nulls' : null]));
    const [one, other] = loadPublished([write('silent.json', [bare, nulls])]);
    for (const silent of [one, other]) {
      expect(silent).toMatchObject({ model: null, doubtful: false, replayable: 'assumptions', measured: {}, missing: [] });
      expect(silent.topology).toMatchObject({ chip: null, chips: null, shape: null, slices: null });
      expect(silent.batch.sequences).toBeNull();
    }
  });

  it.each([
    ['[{"id": 1', 'JSON', 10],
    ['', 'JSON', 1],
    ['[{"id": NaN}]', 'JSON', 9],
    ['{}', 'a list', 1],
    [`${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'levels', 33],
    ['[{"id": "a", "id": "b"}]', 'once', 14],
  ])('%.40s is no array of records', (text, word, column) => {
    const issues = issuesOf(() => loadPublished([write('no-list.json', text)]));
    expect(issues).toHaveLength(1);
    expect(issues[0].code).toBe('E_RECORD');
    expect(issues[0].rule).toContain(word);
    expect(issues[0].place).toMatchObject({ line: 1, column });
  });

  it('give every record an id of its own', () => {
    const issues = issuesOf(() => loadPublished([write('twice.json', [first, second, first])]));
    expect(issues.map(({ path, value }) => [path, value])).toEqual([['[2].id', JSON.stringify(first.id)]]);
  });

  it('give contrasts a direction', () => {
    const contrast = { id: 'x', a: 'a', b: 'b', metric: 'mfu', meaning: 'a over b', value: 1.1, direction: 'up' };
    expect(issuesOf(() => loadContrasts(write('contrasts-x.json', [contrast])))[0].path).toBe('[0].direction');
    expect(loadContrasts(write('contrasts-y.json', [{ ...contrast, direction: 'a>b' }]))).toHaveLength(1);
  });
});

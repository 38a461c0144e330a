import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { InputError, type Issue } from '../../src/base/index.ts';
import {
  chipNames,
  findChip,
  findSlice,
  loadScenario,
  parseScenario,
  parseTraceCsv,
  scenarioJsonSchema,
  sliceFileNames,
} from '../../src/intake/index.ts';
import { exampleTrace } from './example-trace.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-intake-'));

function thrown(action: () => unknown): readonly Issue[] {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return error.issues;
    throw error;
  }
  return [];
}

describe('chip files', () => {
  it.each(chipNames())('%s is complete and cites every number', (name) => {
    const found = findChip(name, 'topology');
    if ('issue' in found) throw new Error(found.issue.rule);
    const { citations, efficiency, name: _, ...numbers } = found.chip;
    const keys = [...Object.keys(numbers), ...Object.keys(efficiency).map((key) => `efficiency.${key}`)];
    expect(Object.keys(citations).sort()).toEqual(keys.sort());
    for (const { source, asOf } of Object.values(citations)) expect(`${source} ${asOf}`).toMatch(/.{8,}\d{4}/);
  });

  it('know the seven generations', () => {
    expect(chipNames().length).toBeGreaterThanOrEqual(7);
  });

  it('are refused with the place of what is wrong', () => {
    const good = readFileSync('topologies/chips/tpu-v3.yaml', 'utf8');
    writeFileSync(
      join(folder, 'tpu-x.yaml'),
      good.replace('name: tpu-v3', 'name: tpu-x').replace(/^hbmBytes:\n {2}value: \S+/m, 'hbmBytes:\n  value: 32 GiB'),
    );
    const issues = thrown(() => findChip('tpu-x', 'topology', folder));
    expect(issues.map(({ code, path }) => `${code} ${path}`)).toEqual(['E_CHIP_FILE hbmBytes.value']);
    expect(issues[0].place?.line).toBe(good.split('\n').indexOf('hbmBytes:') + 2);
  });

  it('must be named like their file', () => {
    writeFileSync(join(folder, 'tpu-y.yaml'), readFileSync('topologies/chips/tpu-v3.yaml', 'utf8'));
    expect(thrown(() => findChip('tpu-y', 'topology', folder)).map(({ rule }) => rule)).toEqual(['must be tpu-y, the name of its file']);
  });
});

describe('slice files', () => {
  it.each(sliceFileNames())('%s says chip and sides', (name) => {
    const slice = findSlice(name);
    expect(`${slice?.chip}-${slice?.shape.join('x')}`).toBe(name);
  });
});

describe('recorded choices', () => {
  it('ship an example that its generator still makes', () => {
    expect(readFileSync('scenarios/traces/example.csv', 'utf8')).toBe(exampleTrace());
  });

  it('are read in order', () => {
    const { records, issues } = parseTraceCsv('t.csv', 'layer,token,expert\r\n0, 1, 2\r\n3,4,5\r\n');
    expect(issues).toEqual([]);
    expect(records).toEqual({ layer: [0, 3], token: [1, 4], expert: [2, 5] });
  });

  it.each([
    ['no header', '0,1,2\n', [1]],
    ['no rows', 'layer,token,expert\n', [1]],
    ['words and gaps', 'layer,token,expert\n0,1,2\n0,x,2\n0,1\n-1,0,0\n1.5,0,0\n', [3, 4, 5, 6]],
  ])('with %s are refused by line', (_, text, lines) => {
    const { issues } = parseTraceCsv('t.csv', text);
    expect(issues.map(({ code, place }) => `${code} ${place?.line}`)).toEqual(lines.map((line) => `E_TRACE ${line}`));
  });

  it('must fit the model and the router', () => {
    const scenario = (name: string, rows: string): string => {
      writeFileSync(join(folder, `${name}.csv`), `layer,token,expert\n${rows}`);
      const file = join(folder, `${name}.yaml`);
      writeFileSync(file, `topology: tpu-v3:4x4\nmodel: {preset: switch-base}\nload: {kind: trace, file: ${name}.csv}\n`);
      return file;
    };
    const rules = (name: string, rows: string) =>
      thrown(() => loadScenario(scenario(name, rows))).map(({ code, rule }) => `${code} ${rule}`);
    expect(rules('fits', '0,0,127\n11,116735,0\n')).toEqual([]);
    expect(rules('outside', '12,0,0\n0,524288,0\n6,116736,0\n0,0,128\n')).toEqual([
      'E_TRACE_RANGE layer must be below 12, the Switch layers of switch-base',
      'E_TRACE_RANGE token must be below 524288, the tokens of that layer',
      'E_TRACE_RANGE token must be below 116736, the tokens of that layer',
      'E_TRACE_RANGE expert must be below 128',
    ]);
    expect(rules('twice', '0,0,1\n0,0,2\n')).toEqual(['E_TRACE_RANGE switch-top1 takes 1 per token']);
  });
});

describe('hostile files', () => {
  const codes = (text: string) => thrown(() => parseScenario('h.yaml', text)).map(({ code }) => code);

  it('that nest without end are refused', () => {
    expect(codes(`a: ${'['.repeat(30)}1${']'.repeat(30)}\n`)).toEqual(['E_NESTING']);
    expect(new Set(codes(`a: ${'['.repeat(100_000)}`))).toEqual(new Set(['E_NESTING']));
  });

  it('that multiply themselves by aliases are refused quickly', () => {
    const level = (name: string, below: string) => `${name}: &${name} [${Array.from({ length: 10 }, () => below).join(', ')}]\n`;
    const bomb = level('a', '1') + level('b', '*a') + level('c', '*b') + level('d', '*c') + level('e', '*d') + level('f', '*e');
    expect(codes(bomb)).toEqual(['E_NESTING']);
  });

  it('with a list for a key are refused by this program alone: nothing of the parser reaches stderr', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(codes('? [a]\n: b\n')).toContain('E_KEY_UNKNOWN');
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  it('that are too large, no files, or absent are refused before they are read', () => {
    const large = join(folder, 'large.yaml');
    writeFileSync(large, `# ${'x'.repeat(2 ** 20)}\n`);
    expect(thrown(() => loadScenario(large)).map(({ code }) => code)).toEqual(['E_FILE_SIZE']);
    expect(thrown(() => loadScenario(folder)).map(({ code }) => code)).toEqual(['E_FILE']);
    expect(thrown(() => loadScenario(join(folder, 'nowhere.yaml'))).map(({ rule }) => rule)).toEqual(['no such file']);
  });
});

describe('schema/scenario.schema.json', () => {
  it('is what `switchyard schema` prints', () => {
    expect(JSON.parse(readFileSync('schema/scenario.schema.json', 'utf8'))).toEqual(JSON.parse(JSON.stringify(scenarioJsonSchema())));
  });
});

import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HUGGING_FACE_FAMILIES } from '../../../src/intake/importers/hugging-face/families/index.ts';
import { importHuggingFace, importHuggingFaceFile } from '../../../src/intake/importers/hugging-face/import-hugging-face.ts';
import { importMaxText } from '../../../src/intake/importers/maxtext/import-maxtext.ts';
import { LAYOUT_FLAGS, MODEL_FLAGS, ROUTING_FLAGS, WORKLOAD_FLAGS } from '../../../src/intake/importers/maxtext/known-flags.ts';
import { walkJson } from '../../../src/intake/importers/walk-json.ts';
import { layersOf } from '../../../src/model/index.ts';
import { ISSUE_CODES } from '../../../src/scenario/index.ts';
import { CLASS_DEFAULTS } from './class-defaults.ts';

const LLAMA = `{
  "model_type": "llama",
  "vocab_size": 32000,
  "hidden_size": 4096,
  "intermediate_size": 11008,
  "num_hidden_layers": 32,
  "num_attention_heads": 32
}`;

/** `line:column code path` of everything that is wrong. */
function said(text: string): string[] {
  return importHuggingFace(text, 'config.json').issues.map(({ code, path, place }) =>
    `${place?.line}:${place?.column} ${code} ${path}`.trim(),
  );
}

const changed = (key: string, value: string) => LLAMA.replace(new RegExp(`"${key}": [^,\n]+`), `"${key}": ${value}`);

describe('a config.json that is wrong', () => {
  it('is right before it is changed', () => expect(said(LLAMA)).toEqual([]));

  it.each([
    ['no text', '', ['1:1 E_JSON']],
    ['an unclosed group', '{"model_type": "llama"', ['1:23 E_JSON']],
    ['a comma too many', '{"model_type": "llama",}', ['1:24 E_JSON']],
    ['single quotes', "{'model_type': 'llama'}", ['1:2 E_JSON']],
    ['a comment', '{ // llama\n}', ['1:3 E_JSON']],
    ['text behind the end', '{} {}', ['1:4 E_JSON']],
    ['a list', '[1, 2]', ['1:1 E_JSON']],
    ['a number', '7', ['1:1 E_JSON']],
    ['NaN', changed('hidden_size', 'NaN'), ['4:18 E_JSON']],
    ['Infinity', changed('hidden_size', '-Infinity'), ['4:18 E_JSON']],
    ['a leading zero', changed('hidden_size', '04096'), ['4:18 E_JSON']],
    ['a key twice', LLAMA.replace('"vocab_size"', '"hidden_size"'), ['4:3 E_JSON']],
    ['a control character', '{"model_type": "lla\u0001ma"}', ['1:16 E_JSON']],
  ])('by its syntax: %s', (_, text, expected) => expect(said(text)).toEqual(expected));

  it.each([
    ['no model_type', '{}', ['1:1 E_MISSING model_type']],
    ['an unknown model_type', LLAMA.replace('llama', 'lama'), ['2:17 E_IMPORT_TYPE model_type']],
    ['a model_type of another kind', LLAMA.replace('"llama"', '3'), ['2:17 E_TYPE model_type']],
    ['a prototype as model_type', LLAMA.replace('llama', '__proto__'), ['2:17 E_IMPORT_TYPE model_type']],
    ['a text for a number', changed('hidden_size', '"4096"'), ['4:18 E_TYPE hidden_size']],
    ['a fraction', changed('num_hidden_layers', '32.5'), ['6:24 E_TYPE num_hidden_layers']],
    ['nothing at all', changed('num_hidden_layers', '0'), ['6:24 E_RANGE num_hidden_layers']],
    ['a huge number', changed('vocab_size', '1e400'), ['3:17 E_TYPE vocab_size']],
    ['a whole number without bounds', changed('vocab_size', '99999999999999999999'), ['3:17 E_TYPE vocab_size']],
    ['a number above all dimensions', changed('vocab_size', '9007199254740991'), ['3:17 E_RANGE vocab_size']],
    ['a null', changed('hidden_size', 'null'), ['4:3 E_MISSING hidden_size']],
    ['heads that do not divide', changed('num_attention_heads', '33'), ['7:26 E_RANGE num_attention_heads']],
  ])('by a value: %s', (_, text, expected) => expect(said(text)).toEqual(expected));

  it('is told everything at once', () => {
    const text = '{"model_type": "llama", "hidden_size": true, "num_hidden_layers": -1, "hidden_act": "slu"}';
    expect(said(text).toSorted()).toEqual([
      '1:1 E_MISSING intermediate_size',
      '1:1 E_MISSING num_attention_heads',
      '1:1 E_MISSING vocab_size',
      '1:40 E_TYPE hidden_size',
      '1:67 E_RANGE num_hidden_layers',
      '1:85 E_ENUM hidden_act',
    ]);
  });

  it('of an unknown family lists the known ones, and names the nearest', () => {
    const [issue] = importHuggingFace(LLAMA.replace('llama', 'mixtrall'), 'config.json').issues;
    expect(issue.remedy).toBe('did you mean mixtral?');
    expect(issue.rule).toContain('switch_transformers');
  });

  it('is refused where layers are of a kind that is not modelled', () => {
    const config = { ...CLASS_DEFAULTS.gemma.config, model_type: 'gemma2', layer_types: ['linear_attention', 'full_attention'] };
    expect(said(JSON.stringify(config))).toEqual([expect.stringMatching(/^1:\d+ E_NOT_MODELLED layer_types$/)]);
  });

  it('may have a byte order mark, tabs and names of any language', () => {
    const { issues, model } = importHuggingFace(
      `\uFEFF${LLAMA.replaceAll('  ', '\t').replace('{', '{"_name_or_path": "组织/模型-7b",')}`,
      'x.json',
    );
    expect([issues, model.name]).toEqual([[], '模型-7b']);
  });

  it('may be nested 64 deep and not deeper, and 10,000 levels cost no stack', () => {
    const nested = (levels: number) => LLAMA.replace('{', `{"extra": ${'['.repeat(levels - 1)}${']'.repeat(levels - 1)},`);
    expect(said(nested(64))).toEqual([]);
    expect(said(nested(65))).toEqual([expect.stringContaining('E_NESTING')]);
    expect(said(nested(10_000))).toEqual([expect.stringContaining('E_NESTING')]);
    expect(said('{"a":'.repeat(10_000))).toEqual([expect.stringContaining('E_NESTING')]);
  });

  it('is not read above 100 MiB, and a large one is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'large-'));
    const file = join(folder, 'config.json');
    const handle = openSync(file, 'w');
    ftruncateSync(handle, 100 * 2 ** 20 + 1);
    closeSync(handle);
    expect(importHuggingFaceFile(file).issues.map(({ code }) => code)).toEqual(['E_FILE_SIZE']);
    rmSync(folder, { recursive: true });
    const large = LLAMA.replace('{', `{"extra": "${'x'.repeat(3e6)}",`);
    expect(said(large)).toEqual([]);
  });
});

describe('a MaxText configuration that is wrong', () => {
  const places = (text: string) =>
    importMaxText(text, 'run.yml').issues.map(({ code, path, place }) => `${place?.line}:${place?.column} ${code} ${path}`.trim());

  it.each([
    ['a text for a number', 'base_emb_dim: wide', ['1:15 E_TYPE base_emb_dim']],
    ['a number for a flag', 'attention_bias: 1', ['1:17 E_TYPE attention_bias']],
    ['an unknown word', 'remat_policy: ful', ['1:15 E_ENUM remat_policy']],
    ['a word that is empty', 'remat_policy: ""', ['1:15 E_ENUM remat_policy']],
    ['a block with other layers', 'decoder_block: qwen3_next', ['1:16 E_ENUM decoder_block']],
    ['a key twice', 'steps: 1\nsteps: 2', ['2:1 E_YAML']],
    ['a list', '- 1\n- 2', ['1:1 E_YAML']],
    ['a scale that is no power of two', 'global_parameter_scale: 3', ['1:25 E_RANGE global_parameter_scale']],
    ['heads that do not divide', 'base_num_kv_heads: 3', ['1:20 E_RANGE base_num_kv_heads']],
    ['an unknown slice', 'compile_topology: v99-8', ['1:19 E_TOPOLOGY_NAME compile_topology']],
    ['a number of 1.1 that is none in 1.2', 'vocab_size: 32_000\nbase_emb_dim: 2_048.5', ['2:15 E_TYPE base_emb_dim']],
    [
      'everything at once',
      'stps: 3\nquantization: int3\nper_device_batch_size: -1',
      ['3:24 E_RANGE per_device_batch_size', '2:15 E_ENUM quantization', '1:7 E_FLAG_UNKNOWN stps'],
    ],
  ])('%s', (_, text, expected) => expect(places(text)).toEqual(expected));
});

describe('any document', () => {
  const json = fc.json({ maxDepth: 4 });
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.integer({ min: -2, max: 600 }),
    fc.constantFrom('silu', 'relu', 'all', 'x', true, false, null),
  );

  it('walks as JSON.parse does', () => {
    const texts = fc.oneof(
      json,
      fc.string(),
      fc.tuple(json, fc.nat(), fc.string({ maxLength: 2 })).map(([text, at, extra]) => text.slice(0, at) + extra + text.slice(at)),
    );
    let right = 0;
    fc.assert(
      fc.property(texts, (text) => {
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        const fault = walkJson(text, 1000);
        if (fault?.kind === 'duplicate') return;
        right += parses ? 1 : 0;
        expect(fault === null).toBe(parses);
      }),
      { numRuns: 600, seed: 7 },
    );
    expect(right).toBeGreaterThan(100);
  });

  it('of any family is a model, or issues that can be explained, and never a crash', () => {
    const family = fc.constantFrom(...Object.keys(CLASS_DEFAULTS));
    let read = 0;
    fc.assert(
      fc.property(family, fc.array(fc.tuple(fc.nat(40), value), { maxLength: 3 }), (name, changes) => {
        const keys = Object.keys(CLASS_DEFAULTS[name].config);
        const config = Object.assign(
          {},
          CLASS_DEFAULTS[name].config,
          ...changes.map(([at, to]) => ({ [keys[1 + (at % (keys.length - 1))]]: to })),
        );
        const { model, issues, warnings } = importHuggingFace(JSON.stringify(config), 'config.json');
        for (const issue of [...issues, ...warnings]) expect(Object.keys(ISSUE_CODES)).toContain(issue.code);
        if (issues.length > 0) return;
        read++;
        expect(layersOf(model).length).toBe(model.encoderLayers + model.decoderLayers);
      }),
      { numRuns: 600, seed: 8 },
    );
    expect(read).toBeGreaterThan(60);
  });

  it('of random text is issues alone', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), json), (text) => {
        expect(importHuggingFace(text, 'x.json').issues.length).toBeGreaterThan(0);
      }),
      { numRuns: 200, seed: 9 },
    );
    expect(Object.keys(HUGGING_FACE_FAMILIES).length).toBeGreaterThan(20);
  });

  it('of MaxText flags is a run, or issues that can be explained, and never a crash', () => {
    const names = [...MODEL_FLAGS, ...ROUTING_FLAGS, ...LAYOUT_FLAGS, ...WORKLOAD_FLAGS];
    const words = fc.constantFrom(
      'llama2',
      'deepseek',
      'gemma3',
      'gpt_oss',
      'custom',
      'minimal',
      'offload',
      'int8',
      'bfloat16',
      'mixtral-8x7b',
      'v5e-256',
      'mla',
      '',
    );
    const flags = fc.array(fc.tuple(fc.constantFrom(...names), fc.oneof(value, words, fc.constant(-1), fc.constantFrom(1, 2, 4, 8))), {
      maxLength: 4,
    });
    let read = 0;
    fc.assert(
      fc.property(flags, fc.array(fc.string({ maxLength: 8 }), { maxLength: 1 }), (stated, overrides) => {
        const { issues, warnings, model } = importMaxText(JSON.stringify(Object.fromEntries(stated)), 'run.yml', {
          overrides,
          devices: 16,
        });
        for (const issue of [...issues, ...warnings]) expect(Object.keys(ISSUE_CODES)).toContain(issue.code);
        if (issues.length > 0) return;
        read++;
        expect(layersOf(model).length).toBeGreaterThan(0);
      }),
      { numRuns: 600, seed: 10 },
    );
    expect(read).toBeGreaterThan(30);
  });
});

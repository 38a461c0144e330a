import { describe, expect, it } from 'vitest';
import { InputError, type Issue } from '../../src/base/index.ts';
import { parseScenario } from '../../src/intake/index.ts';

const SLICES = ['tpu-v5e:4x4', 'tpu-v5p:2x2x3', 'tpu-v5e:4x4*2'];
const MODELS = ['llama3.1-70b', 'switch-c', 'mixtral-8x7b', 'deepseek-v3', 'palm-540b'];
const AXES = ['tensor', 'pipeline', 'expert'] as const;

function issuesOf(topology: string, model: string, ici: Readonly<Record<string, number>>): readonly Issue[] {
  // As many sequences as any of these meshes divides.
  const workload = { sequences: 2880, sequenceLength: 64, targetLength: 64 };
  try {
    parseScenario('x.json', JSON.stringify({ topology, model, layout: { ici }, workload }));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.issues;
  }
  return [];
}

/** Sizes that a remedy names for the axis: `use 8 or 16 stages`, `use layout.ici.expert 4, or 12 experts`. */
function sizesIn(remedy: string): number[] {
  const [, words = ''] = /^use (?:a tensor axis of |layout\.ici\.expert )?(\d+(?: or \d+)?)/.exec(remedy) ?? [];
  return words.split(' or ').filter(Boolean).map(Number);
}

describe('the remedy for an axis that does not divide the model', () => {
  const cases = SLICES.flatMap((slice) => MODELS.flatMap((model) => AXES.map((axis) => [slice, model, axis] as const)));

  it.each(cases)('on %s, of %s: sizes of the %s axis that pass every rule', (slice, model, axis) => {
    const devices = slice.includes('x3') ? 12 : 16;
    for (let size = 2; size <= devices; size++) {
      const issue = issuesOf(slice, model, { [axis]: size, fsdp: -1 }).find(
        ({ code, path }) => code === 'E_EXPERTS_SHARD' || (code === 'E_AXIS_DIVIDES' && path === `layout.ici.${axis}`),
      );
      if (issue === undefined) continue;
      const sizes = sizesIn(issue.remedy);
      expect(sizes.length, `${size}: ${issue.remedy}`).toBeGreaterThan(0);
      for (const named of sizes) {
        expect(named).not.toBe(size);
        expect(issuesOf(slice, model, { [axis]: named, fsdp: -1 }), `${axis} ${size}: ${issue.remedy}`).toEqual([]);
      }
    }
  });

  it('is there for most of them', () => {
    const wrong = cases.filter(([slice, model, axis]) =>
      issuesOf(slice, model, { [axis]: 7, fsdp: -1 }).some(({ code }) => code.startsWith('E_AXIS')),
    );
    expect(wrong.length).toBeGreaterThan(10);
  });
});

describe('the remedy for a mesh that is not the slice', () => {
  it.each([
    [{ fsdp: 4, tensor: 8 }, 'use fsdp 2 or tensor 4, or sizes'],
    [{ pipeline: 2, fsdp: 4 }, 'use pipeline 4 or fsdp 8, or set'],
    [{ tensor: 3 }, 'use tensor 16, or sizes that divide 16'],
    // 61 layers have no 16 stages.
    [{ pipeline: 8 }, 'set an axis to -1'],
  ])('of %o names sizes that pass', (ici, start) => {
    const model = Object.keys(ici)[0] === 'pipeline' && Object.keys(ici).length === 1 ? 'deepseek-v3' : 'llama3.1-70b';
    const issue = issuesOf('tpu-v5e:4x4', model, ici).find(({ code }) => code === 'E_LAYOUT_PRODUCT');
    expect(issue?.remedy.startsWith(start), issue?.remedy).toBe(true);
    for (const [, axis, size] of (issue?.remedy ?? '').matchAll(/(fsdp|tensor|pipeline) (\d+)/g)) {
      expect(issuesOf('tpu-v5e:4x4', model, { ...ici, [axis]: Number(size) })).toEqual([]);
    }
  });
});

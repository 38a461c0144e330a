import { describe, expect, it } from 'vitest';
import { allChips } from '../../src/cli/all-chips.ts';
import { loadWorkedProblems } from '../../src/intake/index.ts';
import { workedRows } from '../../src/validation/index.ts';

const chips = allChips();
const problems = loadWorkedProblems();

describe('worked problems', () => {
  it('are there', () => expect(problems.length).toBeGreaterThanOrEqual(15));

  it.each(workedRows(problems, chips))('$id: $quantity is $printed as printed', ({ met, ours, printed }) => {
    expect(met, `${ours} for ${printed}`).toBe(true);
  });

  it('are met because the answer is right: another chip file, another answer', () => {
    const slower = { ...chips, 'tpu-v5p': { ...chips['tpu-v5p'], iciLinkBytesPerSecond: 5e10 } };
    const missed = workedRows(problems, slower).filter(({ met }) => !met);
    expect(new Set(missed.map(({ id }) => id))).toEqual(new Set(['fsdp-bound', 'tensor-bound', 'mixed-bound', 'ici-intensity']));
  });

  it('and solutions name each other', () => {
    expect(() => workedRows(problems.slice(1), chips)).toThrow('every solution has its problem');
    expect(() => workedRows([...problems, { ...problems[0], id: 'unheard-of' }], chips)).toThrow('problem unheard-of has no solution');
  });
});

import { describe, expect, it } from 'vitest';
import { type LearningRateSchedule, learningRateAt } from '../../../src/emulate/index.ts';

const rates = (schedule: LearningRateSchedule, steps: readonly number[]): number[] => steps.map((step) => learningRateAt(schedule, step));

describe('a rate of learning', () => {
  const schedule = { highest: 0.5, warmupSteps: 4, decay: 'none', steps: 12 } as const;

  it('rises in a straight line to its highest, and stays there', () => {
    expect(rates(schedule, [1, 2, 3, 4, 5, 12, 13])).toEqual([0.125, 0.25, 0.375, 0.5, 0.5, 0.5, 0.5]);
  });

  it('falls as the inverse root of the step', () => {
    const falling = { ...schedule, decay: 'inverse-sqrt' } as const;
    expect(rates(falling, [2, 4, 16, 64, 400])).toEqual([0.25, 0.5, 0.25, 0.125, 0.05]);
    expect(rates({ ...falling, warmupSteps: 0 }, [1, 4, 100])).toEqual([0.5, 0.25, 0.05]);
    expect(rates({ ...falling, warmupSteps: 1 }, [1, 4, 100])).toEqual([0.5, 0.25, 0.05]);
  });

  it('falls in a straight line to 0 at the last step, and stays there', () => {
    const falling = { ...schedule, decay: 'linear' } as const;
    expect(rates(falling, [3, 4, 6, 8, 11, 12, 13])).toEqual([0.375, 0.5, 0.375, 0.25, 0.0625, 0, 0]);
    expect(rates({ ...falling, warmupSteps: 0 }, [3, 6, 12])).toEqual([0.375, 0.25, 0]);
  });

  it('never falls where the warm-up is the whole run', () => {
    expect(rates({ ...schedule, warmupSteps: 12, decay: 'linear' }, [6, 12, 13])).toEqual([0.25, 0.5, 0.5]);
  });
});

import { describe, expect, it } from 'vitest';
import { formatMeasureDifference, formatMeasureInterval } from '../../src/result/index.ts';

describe('a measure of an experiment', () => {
  it('is shown with half of its interval', () => {
    expect(formatMeasureInterval('heldOutLoss', { mean: 2.808, interval: [2.7, 2.916], count: 5 })).toBe('2.808 ± 0.108');
    expect(formatMeasureInterval('dropRate', { mean: 0.25, interval: [0.2, 0.3], count: 5 })).toBe('25.0 % ± 5.00 %');
  });

  it('has differences of shares in points, and others in its own unit', () => {
    expect(formatMeasureDifference('dropRate', { mean: -0.287, interval: [-0.387, -0.187], count: 5 })).toBe('−28.7 ± 10.0 points');
    expect(formatMeasureDifference('heldOutLoss', { mean: -0.012, interval: [-0.04, 0.016], count: 5 })).toBe('−0.012 ± 0.028');
  });
});

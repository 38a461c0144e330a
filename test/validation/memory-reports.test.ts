import { describe, expect, it } from 'vitest';
import { type MemoryReplay, replayMemory } from '../../src/validation/index.ts';
import { CHIPS, RECORDS, record } from './support.ts';

const GIB = 2 ** 30;
const REPORTS = RECORDS.filter(({ kind }) => kind === 'memory');

/**
 * Reports that contradict themselves, which decide nothing alone: why their peak is missed, and how far it may be. A wider miss is a fault, a narrower one
 * ends the entry.
 */
const MISSES: Readonly<Record<string, { readonly from: number; readonly to: number; readonly why: string }>> = {
  'memory-v5p-deepseek2-16b-b24': {
    from: -0.19,
    to: -0.17,
    why:
      'the report is more than the device has, and the program ran: at most 95.74 GiB were used. Of 1.32 GiB for each sequence of 2048 tokens 0.50 are ' +
      'known; the rest is of one layer of experts: as much as nearly all tensors of both its passes side by side',
  },
};

const known = new Map<string, MemoryReplay>();

function replayed(id: string): MemoryReplay {
  const replay = known.get(id) ?? replayMemory(record(id), CHIPS);
  if ('reason' in replay) throw new Error(`${id}: ${replay.reason}`);
  known.set(id, replay);
  return replay;
}

const off = (predicted: number, published: number | null): number => predicted / (published ?? Number.NaN) - 1;

describe('reports of memory by compilers', () => {
  it('are there, and none is left out', () => {
    expect(REPORTS.length).toBeGreaterThanOrEqual(8);
    for (const { id } of REPORTS) expect(replayed(id).id).toBe(id);
  });

  const ofState = REPORTS.filter(({ measured }) => typeof measured.outputBytes === 'number');
  it.each(ofState.map(({ id }) => id))('%s: state within 1 %', (id) => {
    const { state } = replayed(id);
    expect(Math.abs(off(state.predicted, state.published))).toBeLessThan(0.01);
  });

  const withHost = REPORTS.filter(({ measured }) => typeof measured.hostTempBytes === 'number' && measured.hostTempBytes > 0);
  it.each(withHost.map(({ id }) => id))('%s: what waits on the host to a tenth of a percent', (id) => {
    const { host } = replayed(id);
    expect(Math.abs(off(host.predicted, host.published))).toBeLessThan(0.001);
  });

  it('say 12 bytes for each parameter, idle ones too, over the devices that share them', () => {
    const { measured, model } = record('memory-v5p-deepseek2-16b-b24');
    const parameters = 15_706_484_224 + (model?.idleParameters ?? 0);
    expect(Math.round(parameters / 1e6) * 1e6).toBe(measured.parameters);
    expect(((parameters * 12) / 4 / GIB).toFixed(1)).toBe(((measured.argumentBytes as number) / GIB).toFixed(1));
  });

  it.each(REPORTS.map(({ id }) => id).filter((id) => !Object.hasOwn(MISSES, id)))('%s: peak within 5 %, by both models', (id) => {
    const { peak } = replayed(id);
    expect(Math.abs(off(peak.closedForm, peak.published))).toBeLessThan(0.05);
    expect(Math.abs(off(peak.live, peak.published))).toBeLessThan(0.05);
  });

  it('are missed only where they contradict themselves: they are more than a device has, on which the program ran', () => {
    expect(REPORTS.filter(({ doubtful }) => doubtful).map(({ id }) => id)).toEqual(Object.keys(MISSES));
    for (const { id, measured, doubtful } of REPORTS) {
      const { peak } = replayed(id);
      expect((peak.published ?? Number.NaN) > (measured.capacityBytes as number), id).toBe(doubtful);
    }
  });

  it.each(Object.keys(MISSES))('%s: peak misses as far as is known, and for a reason', (id) => {
    const { peak } = replayed(id);
    const { from, to, why } = MISSES[id];
    for (const predicted of [peak.closedForm, peak.live]) {
      expect(off(predicted, peak.published), why).toBeGreaterThan(from);
      expect(off(predicted, peak.published), why).toBeLessThan(to);
    }
  });

  it.each(REPORTS.map(({ id }) => id))('%s: both models within 2 % of each other', (id) => {
    const { peak } = replayed(id);
    expect(Math.abs(peak.closedForm / peak.live - 1)).toBeLessThan(0.02);
  });
});

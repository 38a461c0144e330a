import { describe, expect, test } from 'vitest';
import { createLiveTransfers, type Transfer } from '../../src/network/live-transfers.ts';

const LINKS = 8;

describe('transfers over time', () => {
  const transfer = (seconds: number, link: number): Transfer => ({
    links: Uint32Array.from([link]),
    shares: Float64Array.from([1]),
    bytes: Float64Array.from([seconds * 1e9]),
    seconds,
  });

  test('a short transfer that joins a long one: both at half speed while both live, and the long one catches up', () => {
    const network = createLiveTransfers(LINKS);
    network.start(1, transfer(10e-6, 0), 0);
    expect(network.settle(0)).toBe(10_000_000);
    // After 4 us, 6 us are left; the newcomer needs 1 us, hence 2 us at half speed, in which the first does 1 us.
    network.start(2, transfer(1e-6, 0), 4_000_000);
    expect(network.settle(4_000_000)).toBe(6_000_000);
    expect(network.takeFinished(6_000_000)).toEqual([2]);
    expect(network.settle(6_000_000)).toBe(11_000_000);
    expect(network.takeFinished(11_000_000)).toEqual([1]);
    expect(network.settle(11_000_000)).toBe(-1);
    expect(network.busy[0]).toBe(11_000_000);
    expect(network.bytes[0]).toBeCloseTo(11_000, 9);
  });

  test('a transfer whose links nobody else uses keeps its end, whatever starts beside it', () => {
    const network = createLiveTransfers(LINKS);
    network.start(1, transfer(3.3e-6, 0), 7);
    const end = network.settle(7);
    for (let now = 8; now < 20; now++) {
      network.start(now, transfer(1e-3, 1), now);
      expect(network.settle(now)).toBe(end);
    }
    expect(end).toBe(7 + 3_300_000);
  });
});

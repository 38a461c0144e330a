import type { Bytes } from '../../base/index.ts';
import type { TrafficNote } from '../../result/index.ts';
import type { CollectiveInput } from './request.ts';

/** What is sent: equal parts, or a matrix of bytes. */
export interface SentTraffic {
  readonly bytesPerDevice: Bytes;
  readonly matrix: Float64Array | null;
  readonly note: TrafficNote | null;
}

/**
 * Sums of a traffic matrix. With `bytes` the matrix says shares, and is scaled so that its mean row, what a device holds on average, is that many;
 * without it entries are bytes and the mean row is what is reported. The input was checked before.
 */
export function measureTraffic({ traffic, bytes }: Pick<CollectiveInput, 'traffic' | 'bytes'>, members: number): SentTraffic {
  if (traffic === null) return { bytesPerDevice: bytes ?? 0, matrix: null, note: null };
  const rows = new Float64Array(members);
  const columns = new Float64Array(members);
  let kept = 0;
  for (let from = 0; from < members; from++) {
    let row = 0;
    for (let to = 0; to < members; to++) {
      const entry = traffic[from * members + to];
      row += entry;
      columns[to] += entry;
    }
    rows[from] = row;
    kept += traffic[from * members + from];
  }
  const total = rows.reduce((sum, row) => sum + row, 0);
  const scale = bytes === null ? 1 : (bytes * members) / total;
  const most = (sums: Float64Array) => sums.reduce((largest, sum) => Math.max(largest, sum), 0) * scale;
  return {
    bytesPerDevice: bytes ?? total / members,
    matrix: scale === 1 ? traffic : traffic.map((entry) => entry * scale),
    note: { scaled: bytes !== null, totalBytes: (total - kept) * scale, largestRowBytes: most(rows), largestColumnBytes: most(columns) },
  };
}

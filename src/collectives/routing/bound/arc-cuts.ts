/**
 * Seconds that the fullest cut needs: chips whose coordinate lies in an arc i .. j (over the end, too) on one side, all others on the other.
 * What goes out of the arc must cross the links that leave it, so arcs are all that is needed of a ring, a line and a twisted side alike.
 * `traffic` and `bandwidth` are [side, side], row = from: bytes, and bytes per second of links between the two coordinates.
 */
export function fullestArcSeconds(traffic: Float64Array, bandwidth: Float64Array, side: number): number {
  let most = 0;
  const ofTraffic = arcs(traffic, side);
  const ofBandwidth = arcs(bandwidth, side);
  for (let first = 0; first < side; first++) {
    ofTraffic.start();
    ofBandwidth.start();
    for (let length = 1; length < side; length++) {
      const bytes = ofTraffic.extend(first, length);
      const bytesPerSecond = ofBandwidth.extend(first, length);
      if (bytes > most * bytesPerSecond && bytesPerSecond > 0) most = bytes / bytesPerSecond;
    }
  }
  return most;
}

interface Arc {
  readonly start: () => void;
  /** Takes in the coordinate first + length - 1; returns the sum that leaves the arc. */
  readonly extend: (first: number, length: number) => number;
}

/**
 * The sum over (inside, outside) of a matrix while the arc grows: the new coordinate's row to what is still outside comes in, what came to it
 * from inside goes. Both are windows of a row or a column, read off running sums over two turns.
 */
function arcs(matrix: Float64Array, side: number): Arc {
  const rows = runningSums(side, (from, to) => matrix[from * side + to]);
  const columns = runningSums(side, (to, from) => matrix[from * side + to]);
  const width = 2 * side + 1;
  let leaving = 0;
  return {
    start: () => {
      leaving = 0;
    },
    extend: (first, length) => {
      const added = (first + length - 1) % side;
      // Outside are first + length .. first + side - 1, inside first .. first + length - 2.
      const outwards = rows[added * width + first + side] - rows[added * width + first + length];
      const inwards = columns[added * width + first + length - 1] - columns[added * width + first];
      leaving += outwards - inwards;
      return leaving;
    },
  };
}

/** [side, 2 side + 1]: sums of the first entries of each row, the row being read twice. */
function runningSums(side: number, at: (row: number, column: number) => number): Float64Array {
  const width = 2 * side + 1;
  const sums = new Float64Array(side * width);
  for (let row = 0; row < side; row++) {
    for (let i = 0; i < 2 * side; i++) {
      const column = i % side;
      sums[row * width + i + 1] = sums[row * width + i] + (row === column ? 0 : at(row, column));
    }
  }
  return sums;
}

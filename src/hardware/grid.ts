/** Coordinates of a chip on the grid, first coordinate fastest. */
export function coordinatesOf(shape: readonly number[], chip: number): number[] {
  let rest = chip;
  return shape.map((side) => {
    const coordinate = rest % side;
    rest = (rest - coordinate) / side;
    return coordinate;
  });
}

/** One of them. */
export function coordinateAlong(shape: readonly number[], chip: number, axis: number): number {
  let rest = chip;
  for (let k = 0; k < axis; k++) rest = Math.floor(rest / shape[k]);
  return rest % shape[axis];
}

/** Inverse of `coordinatesOf`. */
export function chipAt(shape: readonly number[], coordinates: readonly number[]): number {
  let chip = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) chip = chip * shape[axis] + coordinates[axis];
  return chip;
}

/** [dimensions]: how much a chip's number grows by one step along each dimension. */
export function stridesOf(shape: readonly number[]): number[] {
  let stride = 1;
  return shape.map((side) => {
    const own = stride;
    stride *= side;
    return own;
  });
}

/** Moves coordinates on to those of the next chip. */
export function toNextChip(shape: readonly number[], coordinates: number[]): void {
  for (let axis = 0; axis < shape.length; axis++) {
    if (++coordinates[axis] < shape[axis]) return;
    coordinates[axis] = 0;
  }
}

/** The columns of a matrix as rows. */
export function transposed<Values extends Float32Array | Uint16Array>(
  values: Values,
  rows: number,
  columns: number,
): Values {
  const result = new (values.constructor as new (length: number) => Values)(values.length)
  // In tiles, for the cache's sake.
  const tile = 32
  for (let top = 0; top < rows; top += tile) {
    for (let left = 0; left < columns; left += tile) {
      const [bottom, right] = [Math.min(rows, top + tile), Math.min(columns, left + tile)]
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) result[column * rows + row] = values[row * columns + column]!
      }
    }
  }
  return result
}

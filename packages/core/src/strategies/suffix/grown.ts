/** A longer copy: of at least `length`, and with room for half as much again, so that growing is seldom. */
export function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(Math.max(length, Math.ceil(array.length * 1.5)))
  longer.set(array)
  return longer
}

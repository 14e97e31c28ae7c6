/**
 * What to say about how long it will go on: `, about 4 min left`. Nothing once it is over.
 *
 * @param elapsedMs What the first `done` of `total` took.
 */
export function timeLeft(done: number, total: number, elapsedMs: number): string {
  if (done >= total || done < 1) return ''
  const seconds = ((elapsedMs / done) * (total - done)) / 1000
  return seconds < 90 ? `, about ${Math.ceil(seconds)} s left` : `, about ${Math.round(seconds / 60)} min left`
}

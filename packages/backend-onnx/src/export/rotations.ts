import type { Architecture } from './architecture.js'

/** Cosines and sines of the rotary position embedding (Su et al., 2021), for one row of `headSize / 2` at each position. */
export interface Rotations {
  readonly cosines: Float32Array
  readonly sines: Float32Array
}

/**
 * The angles' cosines and sines, for positions from 0 on.
 *
 * @param factors Numbers that divide the frequencies, one for each pair, or none (`rope_freqs.weight`).
 */
export function rotations(
  { headSize, ropeBase, ropeScale }: Pick<Architecture, 'headSize' | 'ropeBase' | 'ropeScale'>,
  positions: number,
  factors?: Float32Array,
): Rotations {
  const pairs = headSize / 2
  const [cosines, sines] = [new Float32Array(positions * pairs), new Float32Array(positions * pairs)]
  for (let pair = 0; pair < pairs; pair++) {
    const frequency = ropeBase ** (-pair / pairs) / (ropeScale * (factors?.[pair] ?? 1))
    for (let row = 0; row < positions; row++) {
      cosines[row * pairs + pair] = Math.cos(row * frequency)
      sines[row * pairs + pair] = Math.sin(row * frequency)
    }
  }
  return { cosines, sines }
}

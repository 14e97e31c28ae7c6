const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** The bits of the half-precision float nearest to `value` (ties to even), which is how ggml rounds. */
export function toHalf(value: number): number {
  float[0] = value
  const word = bits[0]!
  const sign = (word >>> 16) & 0x8000
  const magnitude = word & 0x7fffffff
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00)
  // 65520 and beyond round to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000) {
    const rebased = magnitude - 0x38000000
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13)
  }
  // Subnormal: a whole number of 2^-24 steps. Adding 2^-1 to the magnitude lets the float unit round them to even.
  bits[0] = magnitude
  float[0] = float[0]! + 0.5
  return sign | (bits[0]! - 0x3f000000)
}

/** The value of a half-precision float. Exact. */
export function fromHalf(half: number): number {
  return halves[half]!
}

/** All 65536 of them: a look-up is faster than the arithmetic. */
const halves = Float32Array.from({ length: 65536 }, (_, half) => {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
})

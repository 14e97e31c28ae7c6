/** Seven bits a byte, the lowest first; negative numbers as 64 bits in two's complement. */
export function asVarint(value: number | bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

/** @param bytes One whole varint. @returns Its 64 bits, as a number with a sign. */
export function fromVarint(bytes: Uint8Array): bigint {
  let value = 0n
  for (let index = bytes.length - 1; index >= 0; index--) value = (value << 7n) | BigInt(bytes[index]! & 0x7f)
  return BigInt.asIntN(64, value)
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
  return rest
})

/** The checksum of ISO 3309, as in gzip. Finds every error of up to 32 bits in a row. */
export function crc32(bytes: Uint8Array): number {
  let rest = -1
  for (let i = 0; i < bytes.length; i++) rest = (rest >>> 8) ^ table[(rest ^ bytes[i]!) & 255]!
  return ~rest >>> 0
}

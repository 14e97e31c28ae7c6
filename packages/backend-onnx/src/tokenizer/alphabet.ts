/**
 * The byte that each character of byte-level tokens stands for. GPT-2 introduced it: printable bytes of Latin-1 stand for
 * themselves, the others follow from U+0100 on.
 */
export const byteOf: ReadonlyMap<string, number> = new Map(
  (() => {
    const printable = (byte: number): boolean => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)
    let spare = 256
    return Array.from(
      { length: 256 },
      (_, byte) => [String.fromCharCode(printable(byte) ? byte : spare++), byte] as const,
    )
  })(),
)

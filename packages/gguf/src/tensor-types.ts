/** The tensor types that can be written, by ggml's names. */
export type WritableType = 'F32' | 'F16' | 'Q8_0' | 'Q4_0'

/** The tensor types that can be read. */
export type TensorType = WritableType | 'BF16' | 'Q4_K' | 'Q6_K'

export interface Format {
  /** ggml's number for it. */
  readonly id: number
  /** How many elements share a block. Rows are whole blocks. */
  readonly block: number
  /** Bytes a block takes. */
  readonly bytes: number
  /** What `general.file_type` says of a file that is mostly of this type. */
  readonly fileType: number
}

export const formats: Readonly<Record<TensorType, Format>> = {
  F32: { id: 0, block: 1, bytes: 4, fileType: 0 },
  F16: { id: 1, block: 1, bytes: 2, fileType: 1 },
  // A half-precision scale, then 32 signed bytes.
  Q8_0: { id: 8, block: 32, bytes: 34, fileType: 7 },
  // A half-precision scale, then 32 half bytes: the first 16 in the low halves, the others in the high ones.
  Q4_0: { id: 2, block: 32, bytes: 18, fileType: 2 },
  // Two half-precision scales, for scales and minima; those of eight groups in six bits each; 256 half bytes.
  Q4_K: { id: 12, block: 256, bytes: 144, fileType: 15 },
  // The low halves of 256 numbers of six bits, their high quarters, 16 signed scales, and their half-precision scale.
  Q6_K: { id: 14, block: 256, bytes: 210, fileType: 18 },
  // The upper half of a single-precision float.
  BF16: { id: 30, block: 1, bytes: 2, fileType: 32 },
}

const writable: readonly string[] = ['F32', 'F16', 'Q8_0', 'Q4_0'] satisfies WritableType[]

/** What ggml calls the types that we cannot read, for a message. */
const others = new Map(
  Object.entries({
    3: 'Q4_1',
    6: 'Q5_0',
    7: 'Q5_1',
    10: 'Q2_K',
    11: 'Q3_K',
    13: 'Q5_K',
    15: 'Q8_K',
  }),
)

export function isWritable(name: string): name is WritableType {
  return writable.includes(name)
}

/** The types that can be written, for a message. */
export function writableTypes(): string {
  return writable.join(', ')
}

export function tensorTypeOf(id: number): TensorType | undefined {
  return (Object.keys(formats) as TensorType[]).find((type) => formats[type].id === id)
}

export function tensorTypeName(id: number): string {
  return tensorTypeOf(id) ?? others.get(String(id)) ?? `type ${id}`
}

/** Bytes of `elements` elements, which must be whole blocks. */
export function byteLength(type: TensorType, elements: number): number {
  return (elements / formats[type].block) * formats[type].bytes
}

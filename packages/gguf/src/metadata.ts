/** The types a metadata value can have; the place in this list is GGUF's number for it. */
export const valueTypes = [
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'float32',
  'bool',
  'string',
  'array',
  'uint64',
  'int64',
  'float64',
] as const satisfies readonly ValueType[]

/** The types that a value can have in the file. */
export type ValueType = NumberType | 'bool' | 'string' | 'array' | 'uint64' | 'int64'

/** Those of them that are numbers in JavaScript. */
export type NumberType = 'uint8' | 'int8' | 'uint16' | 'int16' | 'uint32' | 'int32' | 'float32' | 'float64'

/** One metadata value with the type it has in the file, so that it can be written as it was read. */
export type GgufValue =
  | { readonly type: NumberType; readonly value: number }
  | { readonly type: 'uint64' | 'int64'; readonly value: bigint }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  /** `bytes` is the content as it stands in the file: vocabularies are long, and few callers look into them. */
  | {
      readonly type: 'array'
      readonly of: Exclude<ValueType, 'array'>
      readonly count: number
      readonly bytes: Uint8Array
    }

export type GgufMetadata = ReadonlyMap<string, GgufValue>

/** Bytes of a value of a fixed size; `undefined` for strings and arrays. */
export function fixedSize(type: ValueType): number | undefined {
  return sizes[type]
}

const sizes: Readonly<Record<ValueType, number | undefined>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  bool: 1,
  string: undefined,
  array: undefined,
  uint64: 8,
  int64: 8,
  float64: 8,
}

/** The value of `key` as a number, whatever its width; `undefined` when it is missing or no number. */
export function numberOf(metadata: GgufMetadata, key: string): number | undefined {
  const entry = metadata.get(key)
  if (entry === undefined || entry.type === 'array' || entry.type === 'string' || entry.type === 'bool')
    return undefined
  return Number(entry.value)
}

/** The value of `key` as text; `undefined` when it is missing or no string. */
export function textOf(metadata: GgufMetadata, key: string): string | undefined {
  const entry = metadata.get(key)
  return entry?.type === 'string' ? entry.value : undefined
}

/** The texts of the array `key`; `undefined` when it is missing or no array of texts. */
export function textsOf(metadata: GgufMetadata, key: string): string[] | undefined {
  const entry = metadata.get(key)
  if (entry?.type !== 'array' || entry.of !== 'string') return undefined
  const { bytes, count } = entry
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  return Array.from({ length: count }, () => {
    const start = at + 8
    at = start + Number(view.getBigUint64(at, true))
    return utf8.decode(bytes.subarray(start, at))
  })
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** The numbers of the array `key`; `undefined` when it is missing or no array of 32-bit numbers. */
export function numbersOf(metadata: GgufMetadata, key: string): number[] | undefined {
  const entry = metadata.get(key)
  if (entry?.type !== 'array') return undefined
  const { bytes, of, count } = entry
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const read = {
    uint32: (at: number) => view.getUint32(at, true),
    int32: (at: number) => view.getInt32(at, true),
    float32: (at: number) => view.getFloat32(at, true),
  }[of as string]
  return read && Array.from({ length: count }, (_, index) => read(4 * index))
}

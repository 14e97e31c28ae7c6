import koffi from 'koffi'
import type { Pointer } from './structs.js'

/** An array in memory that the runtime reads. */
export interface NativeArray<Values> {
  readonly pointer: Pointer
  readonly values: Values
  /** Makes the first `length` values visible to the runtime. Does nothing when the memory is shared. */
  commit(length: number): void
}

/** Memory that stays where it is, so that asynchronous calls may read it. */
export class Memory {
  /** Whether typed arrays can lie in the runtime's memory. Electron forbids it; there, values are copied. */
  readonly shared: boolean
  private readonly allocated: Pointer[] = []

  constructor(shared = canShare()) {
    this.shared = shared
  }

  int32(length: number): NativeArray<Int32Array> {
    const pointer = this.allocate(4 * length)
    if (this.shared) return { pointer, values: new Int32Array(koffi.view(pointer, 4 * length)), commit: () => {} }
    const values = new Int32Array(length)
    return { pointer, values, commit: (count) => koffi.encode(pointer, 'int32_t', values, count) }
  }

  int8(length: number): NativeArray<Int8Array> {
    const pointer = this.allocate(length)
    if (this.shared) return { pointer, values: new Int8Array(koffi.view(pointer, length)), commit: () => {} }
    const values = new Int8Array(length)
    return { pointer, values, commit: (count) => koffi.encode(pointer, 'int8_t', values, count) }
  }

  /** A constant list of addresses. */
  pointers(values: readonly Pointer[]): Pointer {
    const pointer = this.allocate(8 * values.length)
    koffi.encode(pointer, 'uint64_t', values, values.length)
    return pointer
  }

  /** A constant list of single-precision numbers, with zeros up to `length`. */
  floats(values: readonly number[], length: number): Pointer {
    const pointer = this.allocate(4 * length)
    koffi.encode(
      pointer,
      'float',
      Float32Array.from({ length }, (_, index) => values[index] ?? 0),
      length,
    )
    return pointer
  }

  /** A constant text. */
  text(value: string): Pointer {
    const bytes = Buffer.from(`${value}\0`, 'utf8')
    const pointer = this.allocate(bytes.length)
    koffi.encode(pointer, 'uint8_t', bytes, bytes.length)
    return pointer
  }

  free(): void {
    for (const pointer of this.allocated.splice(0)) koffi.free(pointer)
  }

  private allocate(bytes: number): Pointer {
    const pointer = koffi.alloc('uint8_t', bytes) as Pointer
    this.allocated.push(pointer)
    return pointer
  }
}

let answer: boolean | undefined

function canShare(): boolean {
  if (answer !== undefined) return answer
  const pointer = koffi.alloc('uint8_t', 8) as Pointer
  try {
    new Uint8Array(koffi.view(pointer, 8))[0] = 1
    answer = koffi.decode(pointer, 'uint8_t') === 1
  } catch {
    answer = false
  } finally {
    koffi.free(pointer)
  }
  return answer
}

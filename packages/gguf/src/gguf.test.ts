import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GgufValue, numbersOf, textsOf } from './metadata.js'
import { parseGgufMetadata, readGguf, readTensor } from './read.js'
import { layOut, type TensorSpec, writeGguf } from './write.js'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foretoken-gguf-'))
})
afterAll(() => rm(directory, { recursive: true }))

const metadata = new Map<string, GgufValue>([
  ['general.architecture', { type: 'string', value: 'llama' }],
  ['general.name', { type: 'string', value: '\ufeffName, naïve 名' }],
  ['a.uint8', { type: 'uint8', value: 255 }],
  ['a.int8', { type: 'int8', value: -128 }],
  ['a.uint16', { type: 'uint16', value: 65535 }],
  ['a.int16', { type: 'int16', value: -32768 }],
  ['a.uint32', { type: 'uint32', value: 4294967295 }],
  ['a.int32', { type: 'int32', value: -2147483648 }],
  ['a.uint64', { type: 'uint64', value: 2n ** 64n - 1n }],
  ['a.int64', { type: 'int64', value: -(2n ** 63n) }],
  ['a.float32', { type: 'float32', value: Math.fround(1e-5) }],
  ['a.float64', { type: 'float64', value: 1e-300 }],
  ['a.bool', { type: 'bool', value: true }],
  // Two strings, the first of which is no UTF-8: arrays come through byte for byte.
  [
    'a.strings',
    {
      type: 'array',
      of: 'string',
      count: 2,
      bytes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0),
    },
  ],
  ['a.numbers', { type: 'array', of: 'int16', count: 3, bytes: Uint8Array.of(1, 0, 2, 0, 3, 0) }],
])

const tensors: (TensorSpec & { data: Uint8Array })[] = [
  { name: 'vector', type: 'F32', dimensions: [3], data: bytes(12, 1) },
  { name: 'matrix', type: 'F16', dimensions: [5, 7], data: bytes(70, 2) },
  { name: 'blocks', type: 'Q8_0', dimensions: [64, 3], data: bytes(204, 3) },
  { name: 'nibbles', type: 'Q4_0', dimensions: [32, 2, 2, 1], data: bytes(72, 4) },
]

function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17) & 255)
}

async function write(name: string): Promise<string> {
  const path = join(directory, name)
  const handle = await open(path, 'w')
  await writeGguf(handle, layOut(metadata, tensors), ({ data }) => [data.subarray(0, 4), data.subarray(4)])
  await handle.close()
  return path
}

/** A GGUF header that may say anything. */
class Header {
  #parts: Buffer[] = [Buffer.from('GGUF')]

  uint32(...values: number[]): this {
    for (const value of values) this.#parts.push(Buffer.from(Uint32Array.of(value).buffer))
    return this
  }

  uint64(...values: (number | bigint)[]): this {
    for (const value of values) this.#parts.push(Buffer.from(BigUint64Array.of(BigInt(value)).buffer))
    return this
  }

  text(text: string): this {
    this.uint64(Buffer.byteLength(text))
    this.#parts.push(Buffer.from(text))
    return this
  }

  get buffer(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

async function failure(content: Uint8Array | string): Promise<string> {
  const path = join(directory, 'hostile.gguf')
  await writeFile(path, content)
  const started = performance.now()
  const error = await readGguf(path).then(
    () => new Error('it was read'),
    (reason: unknown) => reason,
  )
  expect(performance.now() - started).toBeLessThan(1000)
  expect(ForetokenError.is(error, 'model-file'), String(error)).toBe(true)
  expect((error as Error).message).toContain(path)
  return (error as Error).message
}

describe('a GGUF file', () => {
  it('reads as it was written', async () => {
    const file = await readGguf(await write('whole.gguf'))
    expect([...file.metadata]).toEqual([...metadata])
    expect([...file.tensors.keys()]).toEqual(tensors.map(({ name }) => name))
    for (const { name, type, dimensions, data } of tensors) {
      const tensor = file.tensors.get(name)!
      expect(tensor).toMatchObject({ type, dimensions, bytes: data.length })
      expect(tensor.offset % 32).toBe(0)
      expect(Buffer.compare(await readTensor(file, tensor), data)).toBe(0)
    }
    expect(file.size % 32).toBe(0)
  })

  it('has a header that is read in pieces when it is long', async () => {
    const long: GgufValue = { type: 'array', of: 'uint8', count: 5e6, bytes: new Uint8Array(5e6) }
    const path = join(directory, 'long.gguf')
    const handle = await open(path, 'w')
    await writeGguf(handle, layOut(new Map([...metadata, ['long', long]]), tensors), ({ data }) => [data])
    await handle.close()
    const file = await readGguf(path)
    expect(file.metadata.get('long')).toMatchObject({ count: 5e6 })
    expect(Buffer.compare(await readTensor(file, file.tensors.get('blocks')!), tensors[2]!.data)).toBe(0)
  })

  it('gives its metadata from its first bytes, once they are enough', async () => {
    const whole = new Uint8Array(await readFile(await write('first.gguf')))
    const enough = Array.from({ length: whole.length }, (_, length) => length).find(
      (length) => parseGgufMetadata(whole.subarray(0, length)) !== undefined,
    )!
    expect([...parseGgufMetadata(whole.subarray(0, enough))!]).toEqual([...metadata])
    expect(enough).toBeLessThan((await readGguf(join(directory, 'first.gguf'))).tensors.get('vector')!.offset)
    expect(() => parseGgufMetadata(Buffer.from('nothing'))).toThrow(/it starts with "noth"/)
  })

  it('is refused wherever it is cut off', async () => {
    const whole = await readFile(await write('cut.gguf'))
    const end = whole.length - 24 // The last tensor ends before the padding.
    const messages = new Set<string>()
    for (let length = 0; length < end; length += length < 900 ? 7 : 1) {
      messages.add((await failure(whole.subarray(0, length))).replace(/.*model: /, ''))
    }
    expect([...messages].every((message) => message.includes('truncated'))).toBe(true)
    expect(messages).toContain('it is truncated: it ends in its header. Download or create it again')
    expect(messages).toContain(
      'it is truncated: it ends before the end of the tensor nibbles. Download or create it again',
    )
  })

  it('is refused when its writer says another length than it has', async () => {
    const handle = await open(join(directory, 'short.gguf'), 'w')
    await expect(writeGguf(handle, layOut(metadata, tensors), ({ data }) => [data.subarray(1)])).rejects.toThrow(
      'vector has 11 bytes of data instead of 12',
    )
    await handle.close()
  })
})

describe('arrays of the metadata', () => {
  it('are read as texts and as numbers', () => {
    const texts = Buffer.from('\x02\0\0\0\0\0\0\0ab\x02\0\0\0\0\0\0\0é')
    const arrays = new Map<string, GgufValue>([
      ['texts', { type: 'array', of: 'string', count: 2, bytes: texts }],
      ['floats', { type: 'array', of: 'float32', count: 2, bytes: new Uint8Array(Float32Array.of(-0.5, 2).buffer) }],
      ['whole', { type: 'array', of: 'int32', count: 2, bytes: new Uint8Array(Int32Array.of(-1, 7).buffer) }],
    ])
    expect(textsOf(arrays, 'texts')).toEqual(['ab', 'é'])
    expect(numbersOf(arrays, 'floats')).toEqual([-0.5, 2])
    expect(numbersOf(arrays, 'whole')).toEqual([-1, 7])
    expect(textsOf(arrays, 'floats')).toBeUndefined()
    expect(numbersOf(arrays, 'missing')).toBeUndefined()
  })
})

describe('what is no GGUF file', () => {
  it('is told by its first bytes', async () => {
    expect(await failure('<!doctype html>')).toContain('it starts with "<!do"')
    expect(await failure('')).toContain('truncated')
  })

  it.each([
    ['version 1', new Header().uint32(1, 0, 0), 'GGUF version is 1'],
    ['another byte order', new Header().uint32(0x03000000), 'GGUF version is 50331648'],
    ['2^60 tensors', new Header().uint32(3).uint64(2n ** 60n, 0), 'the number of tensors is 1152921504606846976'],
    ['2^50 tensors', new Header().uint32(3).uint64(2n ** 50n, 0), 'truncated'],
    ['2^50 values', new Header().uint32(3).uint64(0, 2n ** 50n), 'truncated'],
    ['a key of 2^40 bytes', new Header().uint32(3).uint64(0, 1, 2n ** 40n), 'truncated'],
    ['an unknown value type', new Header().uint32(3).uint64(0, 1).text('k').uint32(13), 'unknown type 13'],
    ['an array of arrays', new Header().uint32(3).uint64(0, 1).text('k').uint32(9, 9), 'an array of arrays'],
    [
      '2^45 strings',
      new Header()
        .uint32(3)
        .uint64(0, 1)
        .text('k')
        .uint32(9, 8)
        .uint64(2n ** 45n),
      'truncated',
    ],
    [
      '2^45 numbers',
      new Header()
        .uint32(3)
        .uint64(0, 1)
        .text('k')
        .uint32(9, 12)
        .uint64(2n ** 45n),
      'truncated',
    ],
    ['a key twice', new Header().uint32(3).uint64(0, 2).text('k').uint32(4, 1).text('k').uint32(4, 1), 'key k twice'],
    ['alignment 0', new Header().uint32(3).uint64(0, 1).text('general.alignment').uint32(4, 0), 'alignment is 0'],
    ['no dimensions', new Header().uint32(3).uint64(1, 0).text('t').uint32(0), 't has 0 dimensions'],
    [
      '2^32 dimensions',
      new Header().uint32(3).uint64(1, 0).text('t').uint32(0xffffffff),
      't has 4294967295 dimensions',
    ],
    ['an empty tensor', tensor({ sizes: [0] }), 'impossible size 0'],
    ['2^80 elements', tensor({ sizes: [2n ** 40n, 2n ** 40n] }), 'impossible size'],
    ['a broken block', tensor({ sizes: [33], type: 8 }), 'impossible size 33'],
    ['an unknown tensor type', tensor({ sizes: [256], type: 13 }), 'is of type Q5_K; F32, F16, Q8_0, Q4_0'],
    ['an offset behind the end', tensor({ sizes: [1], offset: 2n ** 52n }), 'before the end of the tensor t'],
  ] as const)('is refused: %s', async (_, header, message) => {
    expect(await failure(header.buffer)).toContain(message)
  })

  it('is refused when it is missing, a directory or a device', async () => {
    await expect(readGguf(join(directory, 'missing.gguf'))).rejects.toMatchObject({ code: 'model-file' })
    await expect(readGguf(directory)).rejects.toThrow('it is not a file')
    if (process.platform !== 'win32') await expect(readGguf('/dev/zero')).rejects.toThrow('it is not a file')
  })
})

function tensor({
  sizes,
  type = 0,
  offset = 0n,
}: {
  sizes: (number | bigint)[]
  type?: number
  offset?: bigint
}): Header {
  const header = new Header().uint32(3).uint64(1, 0).text('t').uint32(sizes.length)
  return header
    .uint64(...sizes)
    .uint32(type)
    .uint64(offset)
}

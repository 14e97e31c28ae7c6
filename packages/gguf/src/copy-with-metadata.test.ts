import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyWithMetadata } from './copy-with-metadata.js'
import type { GgufMetadata, GgufValue } from './metadata.js'
import { readGguf, readGgufMetadata, readTensor } from './read.js'
import { layOut } from './write.js'

let folder: string
let source: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-gguf-'))
  source = join(folder, 'source.gguf')
  const metadata: [string, GgufValue][] = [
    ['general.name', { type: 'string', value: 'small' }],
    ['list', { type: 'array', of: 'int32', count: 2, bytes: new Uint8Array(8).fill(7) }],
  ]
  const { header, tensors, size } = layOut(new Map(metadata), [
    { name: 'a', type: 'F32', dimensions: [3] },
    { name: 'b', type: 'Q8_0', dimensions: [32, 2] },
  ])
  const bytes = Buffer.alloc(size)
  bytes.set(header)
  for (const { offset, bytes: length } of tensors) for (let i = 0; i < length; i++) bytes[offset + i] = offset + i
  await writeFile(source, bytes)
})
afterAll(() => rm(folder, { recursive: true }))

const changes: GgufMetadata = new Map<string, GgufValue>([
  ['general.name', { type: 'string', value: 'a name that is longer than the one before' }],
  ['added', { type: 'uint64', value: 5n }],
])

describe('a copy with other metadata', () => {
  it('has those, the rest as it was, and the same tensors', async () => {
    const copy = join(folder, 'copy.gguf')
    let last: [number, number] = [0, 0]
    await copyWithMetadata(source, copy, changes, { onBytes: (...now) => (last = now) })
    const [before, after] = [await readGguf(source), await readGguf(copy)]
    expect(new Map(after.metadata)).toEqual(new Map([...before.metadata, ...changes]))
    expect(await readGgufMetadata(copy)).toEqual(after.metadata)
    expect([...after.tensors.keys()]).toEqual(['a', 'b'])
    for (const [name, tensor] of after.tensors) {
      expect(tensor.offset % 32).toBe(0)
      expect(await readTensor(after, tensor)).toEqual(await readTensor(before, before.tensors.get(name)!))
    }
    expect(last).toEqual([after.size, after.size])
  })

  it('may have tensors of types that we do not know', async () => {
    const bytes = await readFile(source)
    const { tensors } = await readGguf(source)
    // The type of `b`, before its offset, at the end of its entry.
    const entry = bytes.indexOf(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 'b'.charCodeAt(0)]))
    bytes.writeUInt32LE(23, entry + 8 + 1 + 4 + 16)
    const odd = join(folder, 'odd.gguf')
    await writeFile(odd, bytes)
    await expect(readGguf(odd)).rejects.toThrow(/is of type/)
    expect((await readGgufMetadata(odd)).size).toBe(2)
    const copy = join(folder, 'odd-copy.gguf')
    await copyWithMetadata(odd, copy, changes)
    const after = await readFile(copy)
    expect(after.subarray(-100)).toEqual(bytes.subarray(-100))
    expect(after.length - bytes.length).toBe(64)
    expect(tensors.size).toBe(2)
  })

  it('leaves nothing when it is given up, and is never made onto its source', async () => {
    const copy = join(folder, 'half.gguf')
    const signal = AbortSignal.abort(new Error('changed my mind'))
    await expect(copyWithMetadata(source, copy, changes, { signal })).rejects.toThrow('changed my mind')
    await expect(copyWithMetadata(source, source, changes)).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(copyWithMetadata(join(folder, 'none'), copy, changes)).rejects.toMatchObject({ code: 'model-file' })
    expect(await readdir(folder)).not.toContain('half.gguf')
  })
})

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { intoFolder } from './into-folder.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-into-'))
})
afterEach(() => rm(folder, { recursive: true }))

const failing = async (fresh: string): Promise<void> => {
  await writeFile(join(fresh, 'config.json'), 'new')
  throw new Error('the disk is full')
}

describe('filling a folder', () => {
  it('leaves what was there as it was, when it cannot be finished', async () => {
    const path = join(folder, 'm')
    await mkdir(path)
    await writeFile(join(path, 'config.json'), 'old')
    await expect(intoFolder(path, failing)).rejects.toThrow('the disk is full')
    expect(await readFile(join(path, 'config.json'), 'utf8')).toBe('old')
    expect(await readdir(folder, { recursive: true })).toEqual(['m', join('m', 'config.json')])
  })

  it('leaves nothing where nothing was', async () => {
    await expect(intoFolder(join(folder, 'a', 'b', 'm'), failing)).rejects.toThrow('the disk is full')
    expect(await readdir(folder)).toEqual([])
  })

  it('takes the place of what has the same name, and leaves the rest', async () => {
    const path = join(folder, 'm')
    await mkdir(path)
    await writeFile(join(path, 'config.json'), 'old')
    await writeFile(join(path, 'notes.txt'), 'mine')
    const files = await intoFolder(path, async (fresh) => {
      await mkdir(join(fresh, 'onnx'))
      for (const name of ['onnx/model.onnx', 'onnx/model.onnx_data', 'config.json']) {
        await writeFile(join(fresh, name), 'new')
      }
    })
    expect(files).toEqual(['config.json', join('onnx', 'model.onnx_data'), join('onnx', 'model.onnx')])
    expect(await readFile(join(path, 'config.json'), 'utf8')).toBe('new')
    expect(existsSync(join(path, 'notes.txt'))).toBe(true)
    expect((await readdir(path)).toSorted()).toEqual(['config.json', 'notes.txt', 'onnx'])
  })

  it('refuses the place of a file', async () => {
    await writeFile(join(folder, 'm'), '')
    for (const path of ['m', 'm/below']) {
      await expect(intoFolder(join(folder, path), async () => {})).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringMatching(/cannot be written to: a file is in its place/) as string,
      })
    }
  })
})

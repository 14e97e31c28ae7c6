import { describe, expect, it } from 'vitest'
import { mappedLibraries, pickLibraries } from './library.js'

const linux = (folder: string, variant = '') =>
  [
    'llama-addon.node',
    `libllama${variant}.v0.5.0.so`,
    `libggml${variant}.v0.5.0.so`,
    'libggml-base.so',
    'libggml-cpu-zen4.so',
  ].map((file) => `/app/node_modules/@node-llama-cpp/${folder}/bins/${folder}/${file}`)

describe('the library that node-llama-cpp has loaded', () => {
  it('is found on Linux', () => {
    expect(pickLibraries(['/lib/libc.so.6', ...linux('linux-x64')], false, 'v0.5.0')).toEqual({
      llama: '/app/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libllama.v0.5.0.so',
      ggml: '/app/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml.v0.5.0.so',
      ggmlBase: '/app/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml-base.so',
      ggmlCpu: '/app/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml-cpu-zen4.so',
      cpuVariant: 'zen4',
    })
  })

  it('is the one for the accelerator, when several are loaded', () => {
    const both = [...linux('linux-x64'), ...linux('linux-x64-cuda', '.cuda'), ...linux('linux-x64-vulkan', '.vulkan')]
    expect(pickLibraries(both, 'cuda', 'v0.5.0')?.llama).toContain('linux-x64-cuda/libllama.cuda.v0.5.0.so')
    expect(pickLibraries(both, 'vulkan', 'v0.5.0')?.ggml).toContain('linux-x64-vulkan/libggml.vulkan.v0.5.0.so')
    expect(pickLibraries([...both].reverse(), false, 'v0.5.0')?.llama).toContain('linux-x64/libllama.v0.5.0.so')
  })

  it('is found on a Mac', () => {
    const folder = '/Applications/App/bins/mac-arm64-metal'
    const files = ['libllama.metal.v0.5.0.dylib', 'libggml.metal.v0.5.0.dylib', 'libggml-base.dylib'].map(
      (file) => `${folder}/${file}`,
    )
    expect(pickLibraries(files, 'metal', 'v0.5.0')).toEqual({ llama: files[0], ggml: files[1], ggmlBase: files[2] })
    const intel = ['libllama.v0.5.0.dylib', 'libggml.v0.5.0.dylib', 'libggml-base.dylib'].map(
      (file) => `/x/mac-x64/${file}`,
    )
    expect(pickLibraries(intel, false, 'v0.5.0')?.llama).toBe(intel[0])
  })

  it('is found on Windows', () => {
    const folder = 'C:\\app\\bins\\win-x64-cuda'
    const files = ['llama.cuda.v0.5.0.dll', 'ggml.cuda.v0.5.0.dll', 'ggml-base.dll', 'ggml-cpu-haswell.dll'].map(
      (file) => `${folder}\\${file}`,
    )
    expect(pickLibraries(files, 'cuda', 'v0.5.0')).toEqual({
      llama: files[0],
      ggml: files[1],
      ggmlBase: files[2],
      ggmlCpu: files[3],
      cpuVariant: 'haswell',
    })
    const plain = ['llama.v0.5.0.dll', 'ggml.v0.5.0.dll', 'ggml-base.dll'].map(
      (file) => `C:\\app\\bins\\win-x64\\${file}`,
    )
    expect(pickLibraries(plain, false, 'v0.5.0')?.llama).toBe(plain[0])
  })

  it('may have been compiled here, without a release in its name', () => {
    const files = ['libllama.so', 'libggml.so', 'libggml-base.so'].map(
      (file) => `/x/localBuilds/linux-x64-cuda/Release/${file}`,
    )
    expect(pickLibraries(files, 'cuda', 'v0.5.0')?.llama).toBe(files[0])
  })

  it('is not found when it is of another release', () => {
    expect(pickLibraries(linux('linux-x64'), false, 'v0.6.0')).toBeUndefined()
    expect(pickLibraries([], false, 'v0.5.0')).toBeUndefined()
  })

  it('is looked for in this process', () => {
    expect(mappedLibraries().length).toBeGreaterThan(1)
  })
})

import { draftOnnx, target, targetOnnx } from '@foretoken/demo-models'
import { describe, expect, test } from 'vitest'
import { backendOf } from './backend.js'
import { modelFiles } from './files.js'

describe('what runs a model', () => {
  test.each([
    ['model.gguf', 'llama'],
    ['hf:user/model:Q4_0', 'llama'],
    ['https://example.org/model.gguf', 'llama'],
    ['folder/onnx/model_q4.onnx', 'onnx'],
    [targetOnnx, 'onnx'],
    ['/no/such/folder', 'llama'],
  ] as const)('by its name, for %s: %s', (file, backend) => {
    expect(backendOf(file, {})).toBe(backend)
  })

  test('as the flag says, where the name does not tell', () => {
    expect(backendOf('/no/such/folder', { backend: 'onnx' })).toBe('onnx')
  })

  test('not where the flag and the name contradict each other', () => {
    expect(() => backendOf('a.gguf', { backend: 'onnx' })).toThrow(/foretoken convert a\.gguf --to onnx/)
    expect(() => backendOf('a.onnx', { backend: 'llama' })).toThrow(/an ONNX file/)
    expect(() => backendOf(targetOnnx, { backend: 'llama' })).toThrow(/a folder/)
  })
})

describe('the models of a command', () => {
  test('the demo pair of the backend', () => {
    expect(modelFiles({})).toMatchObject({ target, backend: 'llama', demo: true })
    expect(modelFiles({ backend: 'onnx' })).toEqual({
      target: targetOnnx,
      draft: draftOnnx,
      backend: 'onnx',
      demo: true,
    })
  })

  test('one of each kind', () => {
    expect(modelFiles({ model: target, draft: draftOnnx, gpu: false, device: 'cpu' })).toMatchObject({
      backend: 'llama',
      demo: false,
    })
  })

  test('an option that none of them has is refused', () => {
    expect(() => modelFiles({ device: 'cpu' })).toThrow(/--device is for ONNX models/)
    expect(() => modelFiles({ backend: 'onnx', gpu: false })).toThrow(/--gpu is for GGUF files/)
    expect(() => modelFiles({ backend: 'onnx', gpu: 'auto', device: 'auto' })).not.toThrow()
  })
})

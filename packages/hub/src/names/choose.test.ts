import { describe, expect, test } from 'vitest'
import { choose, type Choice } from './choose.js'
import { parseHubName } from './hub-name.js'

const chosen = (paths: readonly string[], name: string): Choice =>
  choose(
    paths.map((path, i) => ({ path, size: (i + 1) * 2 ** 30 })),
    parseHubName(name)!,
  )
const files = (choice: Choice): string[] => choice.files.map(({ path }) => path)

const several = ['README.md', 'm-Q2_K.gguf', 'm-Q4_K_M.gguf', 'm-Q8_0.gguf', 'mmproj-m-F16.gguf', 'm.imatrix.gguf']

describe('of GGUF files', () => {
  test('the only one, or else Q4_K_M, is taken', () => {
    expect(chosen(['m-Q8_0.gguf', 'mmproj-F16.gguf'], 'o/r')).toMatchObject({ main: 'm-Q8_0.gguf', others: [] })
    expect(chosen(several, 'o/r')).toMatchObject({ main: 'm-Q4_K_M.gguf', tag: 'Q4_K_M', others: ['Q2_K', 'Q8_0'] })
  })

  test.each([
    ['o/r:Q8_0', 'm-Q8_0.gguf'],
    ['o/r:q8_0', 'm-Q8_0.gguf'],
    ['hf://o/r/m-Q2_K.gguf', 'm-Q2_K.gguf'],
    ['hf://o/r/mmproj-m-F16.gguf', 'mmproj-m-F16.gguf'],
  ])('%s', (name, main) => {
    expect(chosen(several, name)).toMatchObject({ main })
  })

  test('a type in a folder, beside another with a prefix, or in the middle of a name', () => {
    const paths = ['Q4_K_M/a-00001-of-00001.gguf', 'BF16/a.gguf', 'm.UD-Q4_K_XL.gguf', 'm-IQ4_XS.gguf', 'm-mxfp4.gguf']
    expect(chosen(paths, 'o/r:bf16').main).toBe('BF16/a.gguf')
    expect(chosen(paths, 'o/r:Q4_K_M').main).toBe('Q4_K_M/a-00001-of-00001.gguf')
    expect(chosen(paths, 'o/r:UD-Q4_K_XL').main).toBe('m.UD-Q4_K_XL.gguf')
    expect(chosen(paths, 'o/r:iq4_xs').main).toBe('m-IQ4_XS.gguf')
    expect(chosen(paths, 'o/r:MXFP4').main).toBe('m-mxfp4.gguf')
    expect(chosen(['m-Q4_K_M.gguf', 'm-UD-Q4_K_M.gguf'], 'o/r').main).toBe('m-Q4_K_M.gguf')
  })

  test('a model in parts is all of its parts, the first one last', () => {
    const parts = ['x/m-Q8_0-00001-of-00003.gguf', 'x/m-Q8_0-00002-of-00003.gguf', 'x/m-Q8_0-00003-of-00003.gguf']
    for (const name of ['o/r', 'o/r:Q8_0', `hf://o/r/${parts[0]}`, `hf://o/r/${parts[2]}`, 'hf://o/r/x']) {
      const choice = chosen(parts, name)
      expect(choice.main).toBe(parts[0])
      expect(files(choice)).toEqual(parts.toReversed())
    }
    expect(() => chosen(parts.slice(1), `hf://o/r/${parts[1]}`)).toThrow(/is part 2 of 3, and others are not there/)
    expect(() => chosen(parts.slice(0, 2), 'o/r')).toThrow(/has no model in GGUF or ONNX/)
  })

  test('where one must be chosen, they are listed', () => {
    expect(() => chosen(['m-Q2_K.gguf', 'm-Q8_0.gguf'], 'o/r')).toThrow(
      'o/r has 2 models: Q2_K (1.0 GiB), Q8_0 (2.0 GiB). Ask for one of them, as in o/r:Q2_K.',
    )
    expect(() => chosen(several, 'o/r:Q3_K')).toThrow(
      expect.objectContaining({
        code: 'model-file',
        message: expect.stringMatching(/o\/r has no model Q3_K: it has Q2_K .*, as in o\/r:Q2_K\./),
      }),
    )
    expect(() => chosen(['a-Q4_K_M.gguf', 'b-Q4_K_M.gguf'], 'o/r:Q4_K_M')).toThrow(
      'o/r has 2 models Q4_K_M: a-Q4_K_M.gguf (1.0 GiB), b-Q4_K_M.gguf (2.0 GiB). Ask for one of them, as in hf://o/r/a-Q4_K_M.gguf.',
    )
    expect(() => chosen(several, 'hf://o/r/other.gguf')).toThrow(
      /There is no other\.gguf in o\/r \(main\)\. It has Q2_K/,
    )
  })

  test('a repository without any says what it has', () => {
    expect(() => chosen(['model.safetensors'], 'o/r')).toThrow(/only in the form that it was trained in.*r-GGUF/)
    expect(() => chosen([], 'o/r')).toThrow(/o\/r has no model in GGUF or ONNX\. Look for/)
  })
})

describe('of ONNX files', () => {
  const folder = [
    'config.json',
    'generation_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'chat_template.jinja',
    'onnx/model.onnx',
    'onnx/model.onnx_data',
    'onnx/model.onnx_data_1',
    'onnx/model_q4.onnx',
    'onnx/model_q4.onnx_data',
    'onnx/other.onnx',
    'model.safetensors',
  ]
  const configs = folder.slice(0, 5)

  test('a type is its graph, its data, and what is beside the folder', () => {
    expect(files(chosen(folder, 'o/r:q4'))).toEqual([...configs, 'onnx/model_q4.onnx_data', 'onnx/model_q4.onnx'])
    expect(files(chosen(folder, 'o/r:fp32'))).toEqual([
      ...configs,
      'onnx/model.onnx_data',
      'onnx/model.onnx_data_1',
      'onnx/model.onnx',
    ])
    expect(chosen(folder, 'hf://o/r/onnx/model_q4.onnx').main).toBe('onnx/model_q4.onnx')
    expect(() => chosen(folder, 'o/r')).toThrow(/o\/r has 2 models: fp32 .*, q4/)
  })

  test('of a folder within, it is that folder', () => {
    const deeper = folder.map((path) => `small/${path}`).filter((path) => !path.endsWith('/model.onnx'))
    expect(files(chosen(deeper, 'hf://o/r/small'))).toEqual([
      ...configs.map((path) => `small/${path}`),
      'small/onnx/model_q4.onnx_data',
      'small/onnx/model_q4.onnx',
    ])
  })

  test('a graph of any name is meant when it is the only one', () => {
    expect(files(chosen(['config.json', 'decoder.onnx', 'decoder.data'], 'o/r'))).toEqual([
      'config.json',
      'decoder.data',
      'decoder.onnx',
    ])
  })
})

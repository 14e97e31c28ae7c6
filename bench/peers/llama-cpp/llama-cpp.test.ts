import { describe, expect, it } from 'vitest'
import { parseCompletion } from './server.js'
import { settings } from './settings.js'
import { parseFigures, textAfter } from './speculative-simple.js'

describe('llama-speculative-simple', () => {
  const said = [
    '0.00.159.282 I encoded  187 tokens in    0.037 seconds, speed: 5092.315 t/s',
    '0.00.159.284 I decoded   67 tokens in    0.071 seconds, speed:  944.260 t/s',
    '0.00.159.284 I ',
    '0.00.159.284 I n_draft   = 3',
    '0.00.159.285 I n_predict = 67',
    '0.00.159.285 I n_drafted = 54',
    '0.00.159.285 I n_accept  = 49',
    '0.00.159.286 I accept    = 90.741%',
  ].join('\n')

  it('is read: tokens, time, drafts', () => {
    const figures = parseFigures(said)
    expect(figures).toMatchObject({ tokens: 67, drafted: 54, accepted: 49 })
    expect((1000 * figures.tokens) / figures.ms).toBeCloseTo(944.26, 6)
  })

  it('is read when it drafted nothing, and its share is not a number', () => {
    const silent = said.replace('n_drafted = 54', 'n_drafted = 0').replace('n_accept  = 49', 'n_accept  = 0')
    expect(parseFigures(silent.replace('90.741%', '-nan%'))).toMatchObject({ tokens: 67, drafted: 0, accepted: 0 })
  })

  it('that fails is quoted', () => {
    expect(() => parseFigures('0.00.079 E failed to initialize speculative decoding\n')).toThrowError(
      'failed to initialize speculative decoding',
    )
  })

  it('repeats the prompt before the text', () => {
    expect(textAfter('const a', '\n\nconst a = 1\n\n\n\n')).toBe(' = 1')
    expect(textAfter('const b', '\n\nconst a = 1\n\n\n\n')).toBe('')
  })
})

describe('llama-server', () => {
  const timings = { predicted_n: 64, predicted_ms: 58.59, draft_n: 48, draft_n_accepted: 46 }

  it('is read: its clock does not cover the first token', () => {
    expect(parseCompletion({ content: ' = 1', timings })).toEqual({
      tokens: 63,
      ms: 58.59,
      text: ' = 1',
      drafted: 48,
      accepted: 46,
    })
  })

  it('that refuses is quoted', () => {
    expect(() => parseCompletion({ error: { code: 400, message: 'the prompt is too long' } })).toThrowError(
      'the prompt is too long',
    )
  })
})

describe('settings of llama.cpp', () => {
  it('have names of their own, and one default', () => {
    expect(new Set(settings.map(({ name }) => name)).size).toBe(settings.length)
    expect(settings.filter(({ role }) => role === 'default')).toMatchObject([
      { args: ['--spec-type', 'draft-simple'], needsDraft: true },
    ])
  })

  it('take a draft model exactly where its kind is named', () => {
    for (const { args, needsDraft } of settings) expect(args[1]!.includes('draft-simple')).toBe(needsDraft)
  })

  it('combine a lookup and a model on one line', () => {
    expect(settings.find(({ name }) => name === 'ngram-simple n=4 m=8 + draft-simple K=4')?.args).toEqual([
      ...['--spec-type', 'ngram-simple,draft-simple'],
      ...['--spec-ngram-simple-size-n', '4', '--spec-ngram-simple-size-m', '8', '--spec-draft-n-max', '4'],
    ])
  })
})

import { describe, expect, test } from 'vitest'
import { createPaint } from '../terminal/paint.js'
import { tuneDrawing } from './draw.js'
import { bestGain, breakEven, cliffs } from './gains.js'
import { allowanceLines, prospectLines, why } from './lines.js'
import { type Allowance, type StrategyProspect } from './report.js'

const paint = createPaint(false)
const passes = Array.from({ length: 16 }, (_, i) => ({
  tokens: i + 1,
  ms: (i < 8 ? 10 : 30) + i / 10,
  measured: i !== 12,
  relative: (i < 8 ? 1 : 3) + i / 100,
}))
const potential = (stepMs: number) => ({
  breakEven: breakEven({ curve: passes, stepMs }),
  gains: [0.5, 0.9].map((alpha) => bestGain(alpha, { curve: passes, stepMs })),
})
const report: Allowance = {
  target: 'a target & its file',
  device: 'CPU',
  tried: undefined,
  threads: 2,
  replays: false,
  passes,
  cliffs: cliffs(passes),
  free: potential(0),
  draft: { model: 'a draft', device: 'CPU', tried: undefined, stepMs: 1.2, c: 0.12, ...potential(1.2) },
  outlook: undefined,
}

describe('what passes allow', () => {
  const lines = allowanceLines(report, paint)

  test('a row for each width, one that was not timed is marked', () => {
    expect(lines.filter((line) => /^\d+ .*█/.test(line))).toHaveLength(16)
    expect(lines.filter((line) => line.includes('~') && line.includes('█'))).toHaveLength(1)
    expect(lines.join('\n')).toMatch(/^1 +10\.0 ms +1\.00 +█/m)
  })

  test('what it was tried on, where there was a choice', () => {
    const tried = [
      { provider: 'webgpu', error: 'no adapter\nat all' },
      { provider: 'cuda', ms: 20 },
      { provider: 'cpu', ms: 10 },
    ] as const
    const text = allowanceLines({ ...report, device: 'cpu', tried }, paint).join('\n')
    expect(text).toMatch(
      /^target +webgpu +– +failed: no adapter\ntarget +cuda +20\.0 ms\ntarget +cpu +10\.0 ms +taken\n\n/m,
    )
    expect(lines.join('\n')).not.toContain('tried')
  })

  test('what it takes, in sentences', () => {
    const text = lines.join('\n')
    expect(text).toMatch(
      /A pass over 9 tokens takes 2\.\d+ times as long as one over 8: .* pays for drafts of 8 tokens and more\./,
    )
    expect(text).toMatch(/Drafts of the draft model pay when more than 13 % is accepted\./)
    expect(text).toContain('0.12: a step of the draft takes 1.20 ms')
    expect(text).not.toMatch(/NaN|undefined/)
  })

  test('a machine that was busy is told from a good one', () => {
    const busy = passes.map((pass) => (pass.tokens === 1 ? pass : { ...pass, relative: 0.8 * pass.relative }))
    expect(allowanceLines({ ...report, passes: busy }, paint).join('\n')).toContain('kept this machine busy')
    expect(lines.join('\n')).not.toContain('busy')
  })

  test('without a draft, where nothing pays, and with an outlook', () => {
    const steep = passes.map((pass) => ({ ...pass, ms: 10 * pass.tokens, relative: pass.tokens }))
    const costs = { curve: steep, stepMs: 0 }
    const text = allowanceLines(
      {
        ...report,
        passes: steep,
        cliffs: [],
        draft: undefined,
        replays: true,
        free: { breakEven: breakEven(costs), gains: [bestGain(0.9, costs)] },
        outlook: 'It looks bad.',
      },
      paint,
    ).join('\n')
    expect(text).toMatch(/^90 % +none +–$/m)
    expect(text).toContain('do not pay here, whatever is accepted')
    expect(text).toContain('It looks bad.')
    expect(text).toContain('computed again')
    expect(text).not.toContain('draft model')
  })
})

const found: StrategyProspect = {
  name: 'suffix',
  rounds: 40,
  coverage: 1,
  alpha: 0.61,
  acceptance: [0.61],
  length: 3,
  speedup: 1.31,
  longest: false,
  tokenMs: 1.4,
  c: 0.14,
}
const text = { texts: 3, tokens: 144, tokensPerSecond: 90, fresh: 0.9, passMs: 10 }

describe('why', () => {
  test.each([
    [{}, 'accepted 61 % and costs 0.14 of a pass a token'],
    [{ coverage: 0.2, c: 0 }, 'found something in 20 % of the rounds only, accepted 61 % and costs next to nothing'],
    [{ coverage: 0, alpha: NaN }, 'never had anything to say'],
    [{ speedup: 0.9 }, 'accepted 61 % and costs 0.14 of a pass a token: plain decoding is quicker'],
  ])('%j', (changes, sentence) => {
    expect(why({ ...found, ...changes })).toBe(sentence)
  })
})

describe('what strategies would gain', () => {
  test('the best is named, and no doubt is raised without a reason', () => {
    const lines = prospectLines([found, { ...found, name: 'recycling', speedup: 0.8 }], text, paint).join('\n')
    expect(lines).toMatch(/suffix +1\.31x +3 +accepted/)
    expect(lines).toMatch(/recycling +0\.80x +none +accepted/)
    expect(lines).toContain('Best alone: suffix.')
    expect(lines).not.toMatch(/fresh|busy/)
  })

  test('doubts are told: circles, a busy machine', () => {
    expect(prospectLines([found], { ...text, fresh: 0.4 }, paint).join('\n')).toContain(
      'Only 40 % of that text is fresh',
    )
    expect(prospectLines([found], { ...text, tokensPerSecond: 50 }, paint).join('\n')).toContain('took 20.0 ms')
  })

  test('where none pays, and where nothing was said', () => {
    expect(prospectLines([{ ...found, speedup: 0.9 }], text, paint).at(-1)).toContain('None would make')
    expect(prospectLines([], text, paint)).toEqual([expect.stringContaining('--prompts')])
  })
})

test('the drawing has both parts, one below the other', () => {
  const svg = tuneDrawing(report)
  const heights = [...svg.matchAll(/<svg[^>]* height="([\d.]+)"/g)].map((match) => Number(match[1]))
  expect(heights).toHaveLength(3)
  expect(heights[0]).toBeCloseTo(heights[1]! + heights[2]!, 6)
  expect([...svg.matchAll(/<svg y="([\d.]+)"/g)].map((match) => Number(match[1]))).toEqual([0, heights[1]])
  expect(svg.match(/<\/svg>/g)).toHaveLength(3)
  expect(svg).toContain('a target &amp; its file')
  expect(svg.match(/<circle/g)).toHaveLength(16 + 2 + 2)
  expect(svg).not.toMatch(/NaN|undefined/)
})

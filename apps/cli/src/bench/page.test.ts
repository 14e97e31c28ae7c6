import { describe, expect, test } from 'vitest'
import type { Run } from '../measure/contest.js'
import { benchPage } from './page.js'
import { benchData } from './data.js'
import { speedupPlot } from './plots.js'
import { type BenchHeat, benchLines, benchRows, circlesNote, type Entrant } from './report.js'
import type { BenchOptions, Measured } from './run.js'
import { createPaint } from '../terminal/paint.js'

const kinds = ['code', 'prose', 'edits', 'chat', 'json', 'copy']
const names = ['plain', 'auto', 'draft-model', 'suffix', 'prompt-lookup', 'recycling', 'a <b> & "c"']
const temperatures = [0, 0.7, 1]

const entrants = names.map((name, i): Entrant => {
  const gamma = name === 'draft-model' ? 4 : undefined
  return { name, strategy: i === 0 ? 'none' : name, length: 'fixed 4', gamma, draftStepMs: undefined }
})

/** Contender i takes 1/(1 + i/10) of the time. */
const run = (contender: string, i: number): Run => ({
  contender,
  tokens: 64,
  ms: 1000 / (1 + i / 10),
  prefillMs: 120,
  draftForwardMs: 0,
  origins: { accepted: 40, corrected: 8, bonus: 8, plain: 8 },
  result: {
    text: '',
    tokens: Array.from({ length: 64 }, (_, n) => n),
    finishReason: 'length',
    seed: 1,
    verifier: 'greedy',
    lossy: false,
    warnings: [],
    stats: {
      promptTokens: 100,
      cachedTokens: 99,
      tokens: 64,
      passes: 24,
      drafted: i === 0 ? 0 : 60,
      accepted: 40,
      alpha: 0.8,
      tau: 64 / 24,
      acceptedPerRound: i === 0 ? [24] : [8, 4, 2, 0, 10],
      prefillMs: 0,
      draftMs: 100,
      passMs: 800,
      otherMs: 100,
      decodeMs: 1000,
      speedup: 2,
      tokensPerSecond: 64,
    },
  },
})

const heats: BenchHeat[] = [1, 2, 3].flatMap((n) =>
  kinds.flatMap((kind) =>
    temperatures.map((temperature) => ({
      kind,
      temperature,
      prompt: `${kind}-${n}`,
      runs: names.map((name, i) => run(name, i * (kind === 'code' ? n : 1))),
    })),
  ),
)
const passes = [1, 2, 4, 8].map((width) => ({ width, ms: 10 + width, low: 9 + width, high: 12 + width }))
const curves = [
  { model: 'target <x>', passes },
  { model: 'draft', passes },
]

const options = {
  model: { description: 'target <x>' },
  drafts: new Map([['file', { description: 'a draft' }]]),
  plan: { rounds: [1, 2, 3].map(() => kinds.map((kind) => ({ kind, id: kind, text: kind }))) },
  temperatures,
  generate: { maxTokens: 64, seed: 7, topK: undefined },
} as unknown as BenchOptions
const measured: Measured = { heats, entrants, curves, interrupted: false }

describe('benchRows', () => {
  const rows = benchRows(heats, entrants, passes)

  test('a row for each cell, and for all content at each temperature', () => {
    expect(rows).toHaveLength((kinds.length + 1) * temperatures.length * names.length)
    expect(rows.map(({ runs }) => runs)).toEqual(rows.map(({ kind }) => (kind === 'all' ? 18 : 3)))
    const code = rows.filter(({ kind, temperature }) => kind === 'code' && temperature === 0.7)
    expect(code[2]!.speedup).toBeCloseTo((1.2 * 1.4 * 1.6) ** (1 / 3), 12)
    expect(code[2]!.interval.low).toBeGreaterThanOrEqual(1.2)
    expect(code[0]!.speedup).toBeNaN()
  })

  test('foretells only what drafts a fixed length with a model', () => {
    const foretold = rows.filter(({ predicted }) => Number.isFinite(predicted))
    expect(new Set(foretold.map(({ configuration }) => configuration))).toEqual(new Set(['draft-model']))
  })

  test('leaves out what an interrupted run has not come to', () => {
    const few = benchRows(heats.slice(0, 4), entrants, passes)
    expect(
      few.map(({ kind, temperature }) => `${kind} ${temperature}`).filter((_, i) => i % names.length === 0),
    ).toEqual(['code 0', 'code 0.7', 'code 1', 'prose 0', 'all 0', 'all 0.7', 'all 1'])
  })

  test('a table, grouped by content and temperature', () => {
    const lines = benchLines(rows, curves, createPaint(false))
    expect(lines[2]).toMatch(/^code +0 +plain +64\.0 +1 /)
    expect(lines[3]).toMatch(/^ +auto +/)
    expect(lines[2 + names.length]).toMatch(/^ +0\.7 +plain/)
  })

  test('says when the text goes round in circles', () => {
    expect(circlesNote(rows)).toBeUndefined()
    const circling = heats.map((heat) => ({
      ...heat,
      runs: heat.runs.map((run) =>
        heat.temperature === 0 ? { ...run, result: { ...run.result, tokens: Array<number>(80).fill(1) } } : run,
      ),
    }))
    expect(circlesNote(benchRows(circling, entrants, passes))).toMatch(/\(10 % at T = 0\)/)
  })

  test('the drawing has a bar for each speed-up', () => {
    const plot = speedupPlot(rows, names, { model: 'm', notes: [] })
    expect(plot.rows.map(({ label }) => label)).toEqual(['T = 0', 'T = 0.7', 'T = 1'])
    expect(plot.rows[0]!.groups.map(({ label, bars }) => [label, bars.length])).toEqual(
      [...kinds, 'all'].map((kind) => [kind, names.length - 1]),
    )
  })
})

describe('benchPage', () => {
  const page = benchPage(benchData(options, measured, ['one note', 'another']))

  test('needs nothing from elsewhere', () => {
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|\bsrc=|\bhref=/)
    const addresses = [...page.matchAll(/https?:\/\/[^"'\s<]*/g)].map(([address]) => address)
    // A name, not a place.
    expect(new Set(addresses)).toEqual(new Set(['http://www.w3.org/2000/svg']))
  })

  test('is well-formed, and what came from outside is escaped', () => {
    const empty = /<(?:!doctype|meta)[^>]*>/g
    const tags = [...page.replace(empty, '').matchAll(/<(\/?)([a-z]\w*)((?:"[^"]*"|[^">])*?)(\/?)>/g)]
    const open: string[] = []
    for (const [, closing, name, , alone] of tags) {
      if (alone) continue
      if (closing) expect(open.pop()).toBe(name)
      else open.push(name!)
    }
    expect(open).toEqual([])
    expect(page).toContain('a &lt;b&gt; &amp; &quot;c&quot;')
    expect(page).not.toMatch(/<b>|<x>|NaN|undefined|Infinity/)
  })

  test('has every drawing, the figures, and what was measured on what', () => {
    expect(page.match(/<svg /g)).toHaveLength(3 * 7 + 3 + 3 + 1)
    expect(page.match(/<tr class="first">|<tr>/g)!.length).toBeGreaterThanOrEqual(3 * 7 * names.length)
    for (const text of ['one note', 'another', process.version, 'a draft', 'maxTokens 64, seed 7', '3 of each kind']) {
      expect(page).toContain(text)
    }
    expect(page.match(/<style>/g)).toHaveLength(2)
    expect(page.match(/prefers-color-scheme: dark/g)).toHaveLength(2)
  })

  test('an interrupted run says so', () => {
    const page = benchPage(benchData(options, { ...measured, heats: heats.slice(0, 1), interrupted: true }, []))
    expect(page).toContain('Interrupted')
    expect(page).not.toMatch(/NaN|undefined|Infinity/)
  })
})

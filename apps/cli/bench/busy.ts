/**
 * Decoding beside another program that keeps one core busy: with the number of threads that was best on an idle machine,
 * and with threads that give way. The sides take turns.
 *
 *     npm run bench:busy -- [--size 350m] [--rounds 4] [--max-tokens 48] [--idle]
 */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { buildCpuKernels, loadModel } from '@foretoken/backend-llama'
import { draftModel } from '@foretoken/core'
import { draft, draftShapes, ensureInflated, prompts, type ShapeName, target } from '@foretoken/demo-models'
import { decode } from '../src/measure/decode.js'
import { outcome, outcomeLines } from '../src/measure/goal.js'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '350m' },
    rounds: { type: 'string', default: '4' },
    'max-tokens': { type: 'string', default: '48' },
    idle: { type: 'boolean', default: false },
  },
})
const shape = values.size as ShapeName
const files = {
  target: (await ensureInflated({ source: target, shape, type: 'F16' })).path,
  draft: (await ensureInflated({ source: draft, shape: draftShapes[shape], type: 'Q4_0' })).path,
}
await buildCpuKernels()
const open = async (path: string, threads?: number) =>
  loadModel({ path, gpu: false, contextSize: 1024, ...(threads && { threads }) })
const giving = { target: await open(files.target), draft: await open(files.draft) }
const fixed = {
  target: await open(files.target, giving.target.threads),
  draft: await open(files.draft, giving.draft.threads),
}
console.log(`${giving.target.description}\n${giving.draft.description}\n`)

const texts = await prompts('code')
const times = { plain: { fixed: [], giving: [] }, drafted: { fixed: [], giving: [] } } as Record<
  'plain' | 'drafted',
  Record<'fixed' | 'giving', number[]>
>
// In a session of its own, as programs of other windows are: the scheduler shares cores among those. Ends with us.
const busy = 'const us = process.ppid; while (process.ppid === us) for (let i = 0; i < 1e7; i++);'
const other = values.idle ? undefined : spawn(process.execPath, ['-e', busy], { detached: true, stdio: 'ignore' })
process.once('exit', () => other?.kill())
process.once('SIGINT', () => process.exit(130))
for (let round = 0; round < Number(values.rounds); round++) {
  for (const kind of ['plain', 'drafted'] as const) {
    const sides = { fixed, giving }
    for (const side of round % 2 === 0 ? (['fixed', 'giving'] as const) : (['giving', 'fixed'] as const)) {
      const { result } = await decode({
        model: sides[side].target,
        strategy: kind === 'plain' ? undefined : draftModel({ model: sides[side].draft }),
        prompt: texts[round % texts.length]!.text,
        maxTokens: Number(values['max-tokens']),
      })
      const { decodeMs, tokens } = result.stats
      times[kind][side].push(decodeMs / tokens)
    }
  }
}
const goals = (['plain', 'drafted'] as const).map((kind) => ({
  name: `${kind}, threads that give way over fixed ones`,
  theirs: times[kind].fixed,
  ours: times[kind].giving,
}))
console.log(outcomeLines(goals.map(outcome)).join('\n'))
other?.kill()
for (const { target, draft } of [giving, fixed]) {
  await target.dispose()
  await draft.dispose()
}

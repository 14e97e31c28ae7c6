import { freemem } from 'node:os'
import { draftShapes, ensureInflated, inflationNote, type ShapeName } from '@foretoken/demo-models'
import { demoNote, type ModelFiles } from '../models/files.js'
import { createProgress } from '../terminal/progress.js'
import { duration } from '../terminal/format.js'
import type { Terminal } from '../terminal/terminal.js'
import { chooseSize, type Size } from './sizes.js'

export interface Prepared {
  readonly target: string
  readonly draft: string | undefined
  readonly size: Size
}

/** Inflates the models to the wanted size, unless that was done before. */
export async function prepare(files: ModelFiles, wanted: Size | undefined, terminal: Terminal): Promise<Prepared> {
  const size = chooseSize(wanted, freemem())
  if (size === 'none') return { target: files.target, draft: files.draft, size }
  return {
    size,
    target: await inflateOne(files.target, 'target', size, terminal),
    draft: files.draft && (await inflateOne(files.draft, 'draft', size, terminal)),
  }
}

/** What is to be said next to figures of these models. */
export function noteOn(demo: boolean, { size }: Prepared): string | undefined {
  if (size === 'none') return demo ? demoNote : undefined
  return `These are inflated models, not real ones of that size. ${inflationNote}.`
}

async function inflateOne(
  source: string,
  role: 'target' | 'draft',
  size: ShapeName,
  terminal: Terminal,
): Promise<string> {
  const target = role === 'target'
  const type = target ? 'F16' : 'Q4_0'
  const label = `inflating the ${role} to ${target ? `${size} ` : ''}${type}`
  const progress = createProgress(terminal, label)
  const started = performance.now()
  const { path, reused } = await ensureInflated({
    source,
    shape: target ? size : draftShapes[size],
    type,
    signal: terminal.signal,
    onProgress: ({ bytesWritten, bytesTotal }) => progress.update(bytesWritten / bytesTotal, bytesTotal),
  })
  if (!reused) progress.done(`${label}: ${path} (${duration(performance.now() - started)})`)
  return path
}

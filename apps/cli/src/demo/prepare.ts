import { freemem } from 'node:os'
import { basename } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import {
  draft,
  draftOnnx,
  draftShapes,
  ensureInflated,
  inflationNote,
  type ShapeName,
  target,
  targetOnnx,
} from '@foretoken/demo-models'
import { ensureOnnx } from '../convert/ensure-onnx.js'
import { backendOf } from '../models/backend.js'
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

/**
 * Inflates the models to the wanted size, unless that was done before.
 *
 * @throws `out-of-memory`; `invalid-argument` for ONNX models other than the demo pair.
 */
export async function prepare(files: ModelFiles, wanted: Size | undefined, terminal: Terminal): Promise<Prepared> {
  const size = chooseSize(wanted, freemem(), files.backend)
  if (size === 'none') return { target: files.target, draft: files.draft, size }
  refuseOnnx(files)
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

/** The GGUF files that the demo pair in ONNX was made from. */
const sources = new Map([
  [targetOnnx, target],
  [draftOnnx, draft],
])

function refuseOnnx({ target, draft }: ModelFiles): void {
  for (const file of draft === undefined ? [target] : [target, draft]) {
    if (sources.has(file) || backendOf(file, {}) === 'llama') continue
    throw new ForetokenError('invalid-argument', `${file} cannot be inflated, as GGUF files can: use --size none.`)
  }
}

async function inflateOne(
  file: string,
  role: 'target' | 'draft',
  size: ShapeName,
  terminal: Terminal,
): Promise<string> {
  const large = role === 'target'
  const type = large ? 'F16' : 'Q4_0'
  const label = `inflating the ${role} to ${large ? `${size} ` : ''}${type}`
  const progress = createProgress(terminal, label)
  const started = performance.now()
  const { path, reused } = await ensureInflated({
    source: sources.get(file) ?? file,
    shape: large ? size : draftShapes[size],
    type,
    signal: terminal.signal,
    onProgress: ({ bytesWritten, bytesTotal }) => progress.update(bytesWritten / bytesTotal, bytesTotal),
  })
  if (!reused) progress.done(`${label}: ${path} (${duration(performance.now() - started)})`)
  return sources.has(file) ? convert(path, large ? 'fp32' : 'q4', terminal) : path
}

async function convert(gguf: string, type: 'fp32' | 'q4', terminal: Terminal): Promise<string> {
  const label = `converting ${basename(gguf)} to ONNX, ${type}`
  const progress = createProgress(terminal, label)
  const started = performance.now()
  let reused = true
  const path = await ensureOnnx(gguf, {
    type,
    signal: terminal.signal,
    onProgress: (fraction) => {
      reused = false
      progress.update(fraction)
    },
  })
  if (!reused) progress.done(`${label}: ${path} (${duration(performance.now() - started)})`)
  return path
}

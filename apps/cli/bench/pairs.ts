import type { LanguageModel } from '@foretoken/core'
import type { Prepared } from '../src/demo/prepare.js'
import { timed } from '../src/measure/timed.js'
import type { Backend } from '../src/models/backend.js'
import { openModel } from '../src/models/load.js'
import type { Terminal } from '../src/terminal/terminal.js'

/** A target and its draft, for one of several that are under way at once. */
export interface Pair {
  readonly model: LanguageModel
  readonly draft: LanguageModel
}

export interface PairsOptions {
  readonly backend: Backend
  readonly files: Prepared
  readonly count: number
  readonly contextSize: number
}

/**
 * So many pairs, on the processor. Each consists of objects of its own, for what is learned of passes and drafts is kept by
 * object: none gains from what another has learned. The weights lie in memory once.
 */
export async function openPairs(options: PairsOptions, terminal: Terminal): Promise<Pair[]> {
  const { backend, files, count, contextSize } = options
  const flags = { backend, gpu: false, device: 'cpu', context: contextSize } as const
  const open = async (sides: number): Promise<Pair> => ({
    model: await openModel(files.target, flags, terminal, { sequences: sides }),
    draft: await openModel(files.draft!, flags, terminal, { sequences: 2 * sides }),
  })
  if (backend === 'onnx') {
    // Each session has a copy of the weights, and each sequence a cache of its own: so one session for all of them.
    const { model, draft } = await open(count)
    return Array.from({ length: count }, () => ({ model: timed(model), draft: timed(draft) }))
  }
  const pairs: Pair[] = []
  // Sequences of llama.cpp share the cells of one cache, and so slow each other down; models share the mapped file.
  while (pairs.length < count) pairs.push(await open(1))
  return pairs
}

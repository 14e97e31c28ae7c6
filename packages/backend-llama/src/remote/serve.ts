import { writeSync } from 'node:fs'
import { ForetokenError } from '@foretoken/core'
import type { LanguageModel, LogitsRows, Pass, Sequence } from '@foretoken/core'
import type { Call, Passed, Reply, Request } from './messages.js'

/**
 * Answers the calls of another process from `model`.
 *
 * @param file The descriptor of the file that both have open: rows of logits go there, where the other one finds them if it
 * wants them. Greedy decoding does not: it is told the largest of each row.
 */
export function serveModel(model: LanguageModel, file: number, reply: (reply: Reply) => void): (call: Call) => void {
  const sequences = new Map<number, Sequence>()
  const aborts = new Map<number, AbortController>()
  const passes = new WeakMap<Pass, number>()
  let passCount = 0

  const sequenceOf = (id: number): Sequence => {
    const sequence = sequences.get(id)
    if (sequence) return sequence
    throw new ForetokenError('disposed', `There is no sequence ${id}.`)
  }
  const rollBack = async (sequence: Sequence, at: number): Promise<void> => {
    if (at < sequence.length) await sequence.truncate(at)
  }

  /** In the turn in which the rows came: the next pass overwrites them. */
  const passed = (rows: LogitsRows, position: number): Passed => {
    const argmax = new Int32Array(rows.count)
    for (let row = 0; row < rows.count; row++) {
      const logits = rows.row(row)
      argmax[row] = rows.argmax(row)
      writeSync(file, logits, 0, logits.byteLength, position + row * logits.byteLength)
    }
    const { pass } = rows
    if (pass && !passes.has(pass)) passes.set(pass, ++passCount)
    return { argmax, pass: pass && { ...pass, id: passes.get(pass)! } }
  }

  const handle = async (id: number, request: Request): Promise<Passed | undefined> => {
    switch (request.op) {
      case 'open':
        sequences.set(request.sequence, await model.createSequence())
        return undefined
      case 'forward': {
        const sequence = sequenceOf(request.sequence)
        const abort = new AbortController()
        aborts.set(id, abort)
        try {
          await rollBack(sequence, request.at)
          const { outputs, position } = request
          const rows = await sequence.forward([...request.tokens], { outputs, signal: abort.signal })
          return passed(rows, position)
        } finally {
          aborts.delete(id)
        }
      }
      case 'fork': {
        const sequence = sequenceOf(request.sequence)
        await rollBack(sequence, request.at)
        sequences.set(request.copy, await sequence.fork!())
        return undefined
      }
      case 'close':
        await sequences.get(request.sequence)?.dispose()
        sequences.delete(request.sequence)
        return undefined
      case 'abort':
        aborts.get(request.aborted)?.abort(new ForetokenError('disposed', 'aborted'))
        return undefined
    }
  }

  return ({ id, request }) => {
    handle(id, request).then(
      (value) => {
        if (request.op !== 'abort') reply({ id, ...(value && { value }) })
      },
      (error: unknown) => {
        const code = ForetokenError.is(error) ? error.code : 'runtime'
        const message = error instanceof Error ? error.message : String(error)
        const held = 'sequence' in request ? sequences.get(request.sequence)?.length : undefined
        reply({ id, error: { code, message }, held })
      },
    )
  }
}

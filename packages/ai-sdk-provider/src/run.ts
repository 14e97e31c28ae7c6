import { generate } from '@foretoken/core'
import type { SharedV3Warning } from '@ai-sdk/provider'
import type { Call } from './call.js'
import { finishReasonOf, metadataOf, usageOf } from './outcome.js'
import type { FinishReason, ForetokenMetadata, Usage } from './outcome.js'
import { type ContentPart, Parts } from './parts.js'
import type { Sequences } from './sequences.js'

/** The parts of a stream that this package tells: those that both versions of the interface know. */
export type StreamPart =
  | { type: 'stream-start'; warnings: SharedV3Warning[] }
  | { type: 'response-metadata'; id: string; timestamp: Date; modelId: string }
  | ContentPart
  | {
      type: 'finish'
      usage: Usage
      finishReason: FinishReason
      providerMetadata: { foretoken: ForetokenMetadata }
    }
  | { type: 'error'; error: unknown }

/**
 * Runs a call as soon as it is its turn.
 *
 * @throws what `generate()` throws; the signal's reason.
 */
export async function* run(
  { generate: options, modelId, parser, warnings }: Call,
  sequences: Sequences,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamPart, void> {
  yield { type: 'stream-start', warnings: warnings.list }
  yield { type: 'response-metadata', id: crypto.randomUUID(), timestamp: new Date(), modelId }
  const parts = new Parts()
  const lease = await sequences.take(options.prompt, signal)
  let broken = false
  try {
    for await (const event of generate({ ...options, sequence: lease.sequence, signal })) {
      if (event.type === 'token') yield* parts.push(parser.push(event.text, event.token))
      if (event.type !== 'finish') continue
      const { result } = event
      yield* parts.push(parser.push(event.text))
      // A call that a limit or a stop sequence has ended is none.
      yield* parts.push(parser.end(), result.finishReason === 'length' || result.finishReason === 'stop')
      yield* parts.endText()
      yield {
        type: 'finish',
        usage: usageOf(result),
        finishReason: finishReasonOf(result.finishReason, parts.calls),
        providerMetadata: { foretoken: metadataOf(result) },
      }
    }
  } catch (error) {
    broken = !signal?.aborted
    throw error
  } finally {
    await lease.release(broken)
  }
}

import {
  type DraftStrategy,
  type ForetokenError,
  generate,
  type LanguageModel,
  type LengthPolicy,
  reconcile,
} from '@foretoken/core'
import { type Fork, forkMargin } from '../measure/fork.js'
import type { PlainRun } from '../measure/rounding.js'
import { type Seen, watch } from './watch.js'

/** A way of speculating that is to be verified. */
export interface Way {
  readonly strategy: DraftStrategy
  readonly length: LengthPolicy
}

/** A fork, and by how much the target preferred its own token there, in logits. */
export interface Margin extends Fork {
  readonly margin: number
}

/** How speculation fared along the text of a plain run. */
export interface SpeculativeRun extends Seen {
  /** Tokens of the plain text that were compared, an end of the text among them: all, when it is done. */
  compared: number
  accepted: number
  readonly forks: Margin[]
  /** What went wrong with the strategy. A strategy that failed is not used any more, so less was verified. */
  readonly warnings: ForetokenError[]
}

/**
 * Speculates along the text of a plain run.
 *
 * Behind a fork the two texts have nothing to do with each other. So speculation then goes on from the plain text, with
 * the same sequence, until every token of it has been compared.
 */
export async function speculativeRun(options: {
  readonly model: LanguageModel
  readonly plain: PlainRun
  readonly way: Way
  readonly seed: number
  readonly signal?: AbortSignal | undefined
}): Promise<SpeculativeRun> {
  const { model, plain, way, signal } = options
  const run: SpeculativeRun = {
    compared: 0,
    accepted: 0,
    ...{ widths: [], rollbacks: [], drifts: [], forks: [], warnings: [] },
  }
  const total = plain.text.length + (plain.ended ? 1 : 0)
  const sequence = await model.createSequence()
  const watched = watch(sequence, plain, run)
  try {
    while (run.compared < total) {
      const prompt = [...plain.prompt, ...plain.text.slice(0, run.compared)]
      const { strategy, length } = way
      const seed = options.seed + run.compared
      const maxTokens = total - run.compared
      const generation = generate({ model, prompt, maxTokens, strategy, length, seed, sequence: watched, signal })
      for await (const event of generation) {
        if (event.type === 'warning') run.warnings.push(event.warning)
        // What ends the text comes as the reason for the end.
        const said = event.type === 'token' || (event.type === 'finish' && event.result.finishReason === 'end')
        if (!said) continue
        if (event.type === 'token' && event.origin === 'accepted') run.accepted++
        const position = run.compared++
        const [wanted, other] = [plain.text[position], event.type === 'token' ? event.token : undefined]
        if (wanted === other) continue
        const margin = forkMargin(plain.rows[position]!, other, model.tokenizer)
        run.forks.push({ position, plain: wanted, other, margin })
        break
      }
    }
    // What the cache holds in the end shows in the pass that would come next.
    const missing = await reconcile(watched, [...plain.prompt, ...plain.text])
    await watched.forward(missing, { outputs: 'last', signal })
    return run
  } finally {
    await sequence.dispose()
  }
}

import type { ModelInfo } from './inspect.js'

/** Whether a draft can draft for a target. */
export interface PairReport {
  readonly ok: boolean
  /** Why not, and what speaks against it although it works; in figures. */
  readonly reasons: readonly string[]
  /** What one pass of the draft costs beside one of the target, from their bytes: the c of the speed-up formula. */
  readonly cost: number
}

/** Says whether `draft` can draft for `target`, from their files alone. */
export function checkPair(target: ModelInfo, draft: ModelInfo): PairReport {
  const cost = target.weightBytes === 0 ? Infinity : draft.weightBytes / target.weightBytes
  const blocking: string[] = []
  const notes: string[] = []
  const same = target.fingerprint !== undefined && target.fingerprint === draft.fingerprint
  if (target.vocabSize !== draft.vocabSize && same) {
    notes.push(
      `The vocabularies are the same but for padding at their ends (${target.vocabSize} and ${draft.vocabSize} rows of logits).`,
    )
  } else if (target.vocabSize !== draft.vocabSize) {
    blocking.push(
      `The target's vocabulary has ${target.vocabSize} tokens and the draft's has ${draft.vocabSize}: ` +
        'the same number means another token in each. Take a draft of the same model family.',
    )
  } else if (!same) {
    blocking.push(
      `Both vocabularies have ${target.vocabSize} tokens, but not the same ones (${target.fingerprint} and ` +
        `${draft.fingerprint}). Take a draft of the same model family.`,
    )
  }
  if (target.recurrent) {
    notes.push('The target keeps a state that cannot be cut back: rejected drafts cost it another pass.')
  }
  if (cost > 0.5) {
    notes.push(
      `The draft weighs ${Math.round(cost * 100)} % of the target: drafting will hardly pay. Take a smaller one.`,
    )
  }
  if (draft.contextLength < target.contextLength) {
    notes.push(
      `The draft was trained on ${draft.contextLength} tokens, the target on ${target.contextLength}: ` +
        'beyond the former, drafts will be poor.',
    )
  }
  return { ok: blocking.length === 0, reasons: [...blocking, ...notes], cost }
}

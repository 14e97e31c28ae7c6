import {
  draftModel,
  type DraftStrategy,
  type LanguageModel,
  prediction,
  router,
  suffixDecoding,
  tokenRecycling,
} from '@foretoken/core'
import type { ContestPrompt } from '../../src/measure/contest.js'
import { randomTokens, unrelated } from '../wrong-drafts.js'

/** One for all prompts, or each its own: none where the prompt does not bring along what it takes. */
export type Drafting = DraftStrategy | ((prompt: ContestPrompt) => DraftStrategy | undefined)

/** The strategies of the contest, by name: each call makes one that has learned nothing yet. */
export const drafters: Readonly<Record<string, (draft: LanguageModel) => Drafting>> = {
  auto: (draft) => router(suffixDecoding(), draftModel({ model: draft })),
  'draft-model': (draft) => draftModel({ model: draft }),
  suffix: () => suffixDecoding(),
  recycling: () => tokenRecycling(),
  prediction:
    () =>
    ({ prediction: text }) =>
      text === undefined ? undefined : prediction({ text }),
  random: () => randomTokens(),
  unrelated: (draft) => draftModel({ model: unrelated(draft) }),
}

import { ForetokenError } from '../errors.js'
import type { Drafter, DraftStrategy } from '../strategy.js'

/** It weighs its time, so that nothing is learned from it about those whose place it takes. */
const silent: Drafter = { propose: () => ({ tokens: [] }), weighsTime: true }

/**
 * The same drafts, for as many texts at a time as the strategy's models have sequences for; those beyond are decoded plainly
 * instead of failing. For those who generate for many at once.
 */
export function whereThereIsRoom(strategy: DraftStrategy): DraftStrategy {
  return {
    name: strategy.name,
    async open(init) {
      try {
        return await strategy.open(init)
      } catch (error) {
        if (ForetokenError.is(error, 'unsupported')) return silent
        throw error
      }
    },
  }
}

import type { Setting } from '../contender.js'

export interface LlamaCppSetting extends Setting {
  /** What both programs take on their command lines. */
  readonly args: readonly string[]
  readonly needsDraft: boolean
}

/** As llama.cpp has it: the draft model with nothing but its name given, or one kind of lookup with nothing but its own. */
const asItComes = (type: string, role: Setting['role'] = 'tuned'): LlamaCppSetting => ({
  name: `${type}, as it comes`,
  role,
  args: ['--spec-type', type],
  needsDraft: type.startsWith('draft'),
})

const drafted = (most: number, leastProbability?: number): LlamaCppSetting => ({
  name: `draft-simple K=${most}${leastProbability === undefined ? '' : ` p-min=${leastProbability}`}`,
  role: 'tuned',
  args: [
    ...['--spec-type', 'draft-simple', '--spec-draft-n-max', String(most)],
    ...(leastProbability === undefined ? [] : ['--spec-draft-p-min', String(leastProbability)]),
  ],
  needsDraft: true,
})

/** Looks for the last `key` tokens and drafts the `value` tokens that followed them. */
const looked = (
  type: 'ngram-simple' | 'ngram-map-k' | 'ngram-map-k4v',
  key: number,
  value: number,
): LlamaCppSetting => ({
  name: `${type} n=${key} m=${value}`,
  role: 'tuned',
  args: ['--spec-type', type, `--spec-${type}-size-n`, String(key), `--spec-${type}-size-m`, String(value)],
  needsDraft: false,
})

/** Drafts token by token out of a table of what followed each `key` tokens: at least `least` of them, or nothing. */
const hashed = (key: number, least: number, most: number): LlamaCppSetting => ({
  name: `ngram-mod n=${key} ${least} to ${most}`,
  role: 'tuned',
  args: [
    ...['--spec-type', 'ngram-mod', '--spec-ngram-mod-n-match', String(key)],
    ...['--spec-ngram-mod-n-min', String(least), '--spec-ngram-mod-n-max', String(most)],
  ],
  needsDraft: false,
})

/** The lookup first, and the model where it finds nothing: llama.cpp's order, whatever the order of the names. */
const combined = (lookup: LlamaCppSetting, most: number): LlamaCppSetting => ({
  name: `${lookup.name} + draft-simple K=${most}`,
  role: 'tuned',
  args: ['--spec-type', `${lookup.args[1]},draft-simple`, ...lookup.args.slice(2), '--spec-draft-n-max', String(most)],
  needsDraft: true,
})

/** Only llama-server can do without drafts. */
export const plain: LlamaCppSetting = { name: 'plain', role: 'plain', args: [], needsDraft: false }

/** What is tried of llama.cpp's drafting: all kinds that need no model trained for the target. */
export const settings: readonly LlamaCppSetting[] = [
  asItComes('draft-simple', 'default'),
  ...[2, 4, 5, 6, 8].map((most) => drafted(most)),
  drafted(8, 0.5),
  drafted(16, 0.75),
  asItComes('ngram-simple'),
  looked('ngram-simple', 4, 8),
  asItComes('ngram-map-k'),
  looked('ngram-map-k', 4, 8),
  looked('ngram-map-k4v', 4, 8),
  asItComes('ngram-mod'),
  hashed(8, 1, 12),
  asItComes('ngram-cache'),
  combined(looked('ngram-simple', 4, 8), 4),
  combined(looked('ngram-map-k', 8, 16), 5),
  combined(hashed(16, 2, 16), 4),
]

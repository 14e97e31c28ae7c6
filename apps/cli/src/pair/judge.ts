import { checkPair, estimateMemory, findCalibration, freeMemory, type ModelInfo } from '@foretoken/backend-llama'
import { compareVocabularies, familyOf, type KnownFamily, type PullOptions, type VocabularyMatch } from '@foretoken/hub'
import { type Candidate, candidatesFor, fileOf, type Origin } from './candidates.js'
import { lookAt, type LookedAt } from './look.js'
import { type Prospect, prospectOf, typicalGain } from './prospect.js'

/** A model that was compared with the target. */
export interface Judged {
  /** What to type for it. */
  readonly name: string
  readonly origin: Origin
  readonly here: boolean
  readonly info: ModelInfo
  readonly match: VocabularyMatch
  /** What speaks against it although it fits: sentences. */
  readonly notes: readonly string[]
  /** Bytes: its own, and both models' together. */
  readonly memory: { readonly draft: number; readonly both: number }
  /** Whether both are within the main memory that is free; what a GPU has does not count. */
  readonly roomy: boolean
  readonly prospect: Prospect
}

/** What drafts there are for a target. */
export interface Verdict {
  readonly target: LookedAt
  readonly family: KnownFamily | undefined
  /** In tokens. */
  readonly context: { readonly target: number; readonly given: boolean }
  /** Bytes; what is free is main memory. */
  readonly memory: { readonly target: number; readonly free: number }
  /** The best first: within the memory that is free, then by gain. */
  readonly fits: readonly Judged[]
  readonly misfits: readonly Judged[]
  /** What could not be looked at. */
  readonly unread: readonly (Candidate & { readonly why: string })[]
}

export interface JudgeOptions {
  readonly drafts: readonly string[]
  /** In tokens, for both models. */
  readonly context: number | undefined
  readonly hub: PullOptions & { readonly cache: string }
  readonly onProgress: (fraction: number) => void
}

/** As `loadModel` does when nothing is asked for. */
const usualContext = 8192

/**
 * Looks for drafts that fit a target, without loading or downloading any.
 *
 * @throws What `lookAt` throws for the target and for drafts that were named; others are only noted.
 */
export async function judge(text: string, options: JudgeOptions): Promise<Verdict> {
  const { hub, context } = options
  const target = await lookAt(text, hub)
  const family = familyOf(target.info.architecture, [text, ...target.names])
  const candidates = await candidatesFor(target, { named: options.drafts, family, cache: hub.cache })
  const free = await freeMemory()
  const needed = (info: ModelInfo): number =>
    estimateMemory(info, { contextSize: contextOf(info, context), sequences: 1, cacheType: 'f16' }).total
  const own = needed(target.info)
  const calibration = await findCalibration(target.info)

  const judged: Judged[] = []
  const unread: (Candidate & { why: string })[] = []
  const files = new Set([await fileOf(target.model.path)])
  for (const [i, candidate] of candidates.entries()) {
    hub.signal?.throwIfAborted()
    options.onProgress(i / candidates.length)
    try {
      const draft = await lookAt(candidate.text, hub)
      const file = await fileOf(draft.model.path)
      if (files.has(file)) continue
      files.add(file)
      if (!isWanted(candidate, draft, target)) continue
      const { notes, cost } = notesOf(target.info, draft.info)
      const both = own + needed(draft.info)
      judged.push({
        name: draft.model.name,
        origin: candidate.origin,
        here: draft.model.here,
        info: draft.info,
        match: matchOf(target, draft),
        notes,
        memory: { draft: needed(draft.info), both },
        roomy: both <= free,
        prospect: prospectOf(
          { target: 1, draft: cost },
          { target: calibration, draft: calibration && (await findCalibration(draft.info, calibration.hardware)) },
        ),
      })
    } catch (error) {
      hub.signal?.throwIfAborted()
      if (candidate.origin === 'named') throw error
      unread.push({ ...candidate, why: (error as Error).message })
    }
  }
  options.onProgress(1)
  return {
    target,
    family,
    context: { target: contextOf(target.info, context), given: context !== undefined },
    memory: { target: own, free },
    fits: judged.filter(({ match }) => match.fits).toSorted(better),
    misfits: judged.filter(({ match }) => !match.fits),
    unread,
  }
}

function contextOf({ contextLength }: ModelInfo, given: number | undefined): number {
  return given ?? Math.min(contextLength, usualContext)
}

/** What lies about is of interest only if it is smaller. */
function isWanted({ origin }: Candidate, draft: LookedAt, target: LookedAt): boolean {
  return (origin !== 'folder' && origin !== 'cache') || draft.info.weightBytes < target.info.weightBytes
}

/** Token by token; and by the hash that loading a pair goes by, which looks at how lists are written as well. */
function matchOf(target: LookedAt, draft: LookedAt): VocabularyMatch {
  const match = compareVocabularies(target.vocabulary, draft.vocabulary)
  const [a, b] = [target.info.fingerprint, draft.info.fingerprint]
  if (!match.fits || a === b) return match
  const reason =
    `Every token is the same, but the vocabularies are not written in the same way (fingerprints ${a} and ${b}), and the ` +
    'pair would be refused when it is loaded. Convert both with the same version of llama.cpp.'
  return { ...match, fits: false, reasons: [reason] }
}

/** By the same judgement as `inspect`, but for the vocabulary, which is told in more detail. */
function notesOf(target: ModelInfo, draft: ModelInfo): { notes: readonly string[]; cost: number } {
  const { vocabSize, fingerprint } = target
  const { reasons, cost } = checkPair(target, { ...draft, vocabSize, fingerprint })
  return { notes: reasons, cost }
}

function better(a: Judged, b: Judged): number {
  return (
    Number(b.roomy) - Number(a.roomy) ||
    typicalGain(b.prospect).speedup - typicalGain(a.prospect).speedup ||
    a.memory.draft - b.memory.draft
  )
}

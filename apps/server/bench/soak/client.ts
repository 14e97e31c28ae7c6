import { setTimeout } from 'node:timers/promises'
import { type Chance, createChance } from '@foretoken/core'
import { APIConnectionError, APIError } from 'openai'
import { type Answer, ask, CutOff, type Drafting } from './ask.js'
import type { Case } from './cases.js'
import { type Misdeed, misdeeds, type Victim } from './misdeeds.js'
import { pick } from './pick.js'
import type { Tally } from './tally.js'

export interface World extends Victim {
  readonly cases: readonly Case[]
  /** What each case was answered with when nobody else asked. */
  readonly alone: ReadonlyMap<Case, Answer>
  readonly tally: Tally
  /** Aborted when the server is told to stop. */
  readonly ending: AbortSignal
}

/** How often a client does each of the things that it should not. */
const mischief = 0.02
/** No answer takes so long: what does is lost. In milliseconds. */
const patience = 120_000

const draftings: readonly (Drafting | undefined)[] = [
  undefined,
  { trace: true },
  { enabled: false },
  { strategy: 'draft-model', trace: true },
  { strategy: 'prompt-lookup' },
  { strategy: 'recycling' },
  { maxDraft: 3 },
]

/** One client: asks again and again until the server takes no more. */
export async function simulate(world: World, seed: number): Promise<void> {
  const chance = createChance(seed)
  const kinds = Object.keys(misdeeds) as Misdeed[]
  let welcome = true
  while (welcome) welcome = !(await turnedAway(world, () => once(world, chance, kinds)))
}

async function once(world: World, chance: Chance, kinds: readonly Misdeed[]): Promise<void> {
  const { tally, cases } = world
  const one = pick(cases, chance)
  const misdeed = kinds.find(() => chance.happens(mischief))
  if (misdeed) {
    const wrong = await misdeeds[misdeed](world, one)
    tally.misdeeds[misdeed]++
    if (wrong !== undefined) tally.fault(wrong)
    return
  }
  const answer = await answerTo(world, one, pick(draftings, chance))
  tally.answer(one, answer, world.alone.get(one)!)
  if (world.ending.aborted) tally.answeredAtEnd++
}

/** @throws {@link Broken} when something had come before it failed. */
async function answerTo(world: World, one: Case, drafting: Drafting | undefined): Promise<Answer> {
  const { client, model } = world
  let begun = false
  try {
    const signal = AbortSignal.timeout(patience)
    return await ask(client, one, { model, drafting, signal, onChunk: () => (begun = true) })
  } catch (error) {
    if (begun || error instanceof CutOff) throw new Broken((error as Error).message)
    throw error
  }
}

/** An answer that began and did not come to its end. */
class Broken extends Error {}

/** @returns Whether the server takes no more. What else goes wrong is put down as a fault. */
async function turnedAway({ tally, ending }: World, action: () => Promise<void>): Promise<boolean> {
  try {
    await action()
    return false
  } catch (error) {
    if (error instanceof Broken) tally.fault(`an answer broke off: ${error.message}`)
    else if (error instanceof APIError && error.status === 429) return comeAgain(error, tally, ending)
    else if (ending.aborted && isRefusal(error)) {
      tally.refusedAtEnd++
      return true
    } else tally.fault(describe(error))
    // A server that is gone would be asked without end.
    await setTimeout(100)
    return ending.aborted
  }
}

/** Waits as long as the server says. */
async function comeAgain(error: APIError, tally: Tally, ending: AbortSignal): Promise<boolean> {
  tally.busy++
  const seconds = Number((error.headers as Headers | undefined)?.get('retry-after'))
  if (!(seconds >= 1 && seconds <= 60)) tally.fault(`429 with Retry-After ${seconds}`)
  try {
    await setTimeout(seconds * 1000, undefined, { signal: ending })
    return false
  } catch {
    return true
  }
}

function isRefusal(error: unknown): boolean {
  if (error instanceof APIError && error.status === 503) return true
  return error instanceof APIConnectionError || (error instanceof TypeError && error.message === 'fetch failed')
}

function describe(error: unknown): string {
  const { status, message, cause } = error as APIError & { cause?: Error }
  return `${status === undefined ? '' : `${status}: `}${message}${cause ? ` (${cause.message})` : ''}`
}

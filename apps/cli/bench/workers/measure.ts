import type { Answer } from './tasks.js'
import type { NearProcess } from './processes.js'

/** Plain decoding and speculation on the same prompts, in turn. */
export interface Contest {
  readonly description: string
  /** Tokens a second: the geometric mean over the prompts. */
  readonly plain: number
  readonly drafted: number
  /** drafted over plain, the same. */
  readonly ratio: number
  readonly tau: number
  /** T(1), T(4), T(8), T(16), where they were measured. */
  readonly passes: readonly { readonly tokens: number; readonly ms: number }[]
  readonly texts: readonly string[]
  /** Whether each prompt gave the same text both ways. */
  readonly same: boolean
}

interface ContestOptions {
  readonly prompts: readonly string[]
  readonly maxTokens: number
  readonly rounds: number
}

/** Runs what is open in `near`. */
export async function contest(near: NearProcess, opened: Answer, options: ContestOptions): Promise<Contest> {
  const { prompts, maxTokens, rounds } = options
  const ask = (prompt: string, drafts: boolean): Promise<Answer> =>
    near.ask({ op: 'generate', prompt, maxTokens, drafts })
  // What guard and caches learn at the start is nobody's gain.
  await ask(prompts[0]!, true)
  const plain: number[] = []
  const drafted: number[] = []
  const taus: number[] = []
  const texts: string[] = []
  let same = true
  for (let round = 0; round < rounds; round++) {
    for (const [i, prompt] of prompts.entries()) {
      const one = await ask(prompt, false)
      const other = await ask(prompt, true)
      plain.push(speed(one))
      drafted.push(speed(other))
      taus.push(other.tau)
      texts[i] ??= one.text
      if (one.text !== texts[i] || other.text !== texts[i]) same = false
    }
  }
  return {
    description: opened.description,
    plain: mean(plain),
    drafted: mean(drafted),
    ratio: mean(drafted.map((value, i) => value / plain[i]!)),
    tau: mean(taus),
    passes: opened.passes.filter(({ tokens }) => [1, 4, 8, 16].includes(tokens)),
    texts,
    same,
  }
}

const speed = ({ tokens, decodeMs }: Answer): number => (1000 * tokens) / decodeMs

/** Geometric. */
function mean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}

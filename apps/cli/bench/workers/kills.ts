import type { Host } from './hosts.js'
import { type NearProcess, startWorkerProcess, type WorkerProcess } from './processes.js'

/** Of the generations, in turn: greedy, and `coupled`, whose text its seed decides. */
export const temperatures = [0, 0.7] as const

/** What became of generations whose worker was killed. */
export interface Kills {
  readonly generations: number
  /** Those whose text was that of the undisturbed one, and whose streamed pieces made up just that text. */
  readonly whole: number
  /** Those in which the loss was told of: a kill after the last pass goes unnoticed until the next one. */
  readonly noticed: number
  /** Seconds from the kill until the generation was over: median, and most. */
  readonly seconds: { readonly median: number; readonly most: number }
}

export interface KillOptions {
  readonly near: NearProcess
  readonly prompts: readonly string[]
  /** Of the prompts, undisturbed, at each of {@link temperatures}. */
  readonly texts: readonly (readonly string[])[]
  readonly maxTokens: number
  readonly count: number
  readonly workers: WorkerProcess[]
  readonly hosts: readonly (Host | undefined)[]
  readonly args: readonly string[]
  readonly onProgress: (line: string) => void
}

/** What is open in `near`, asked for each prompt at each of {@link temperatures}. */
export async function undisturbed(
  near: NearProcess,
  prompts: readonly string[],
  maxTokens: number,
): Promise<string[][]> {
  const texts: string[][] = []
  for (const temperature of temperatures) {
    const said: string[] = []
    for (const prompt of prompts) {
      said.push((await near.ask({ op: 'generate', prompt, maxTokens, drafts: false, temperature })).text)
    }
    texts.push(said)
  }
  return texts
}

/** Kills a random worker at a random token of each generation, and starts it again. */
export async function killWorkers(options: KillOptions): Promise<Kills> {
  const { near, prompts, texts, maxTokens, count, workers, hosts, args } = options
  const seconds: number[] = []
  let whole = 0
  let noticed = 0
  for (let i = 0; i < count; i++) {
    const prompt = i % prompts.length
    const at = 1 + Math.floor(Math.random() * (maxTokens - 2))
    const victim = Math.floor(Math.random() * workers.length)
    const heat = i % temperatures.length
    const temperature = temperatures[heat]!
    const answer = near.ask({
      op: 'generate',
      prompt: prompts[prompt]!,
      maxTokens,
      drafts: (i >> 1) % 2 === 0,
      temperature,
    })
    await Promise.race([near.said(at), answer])
    const started = performance.now()
    const { address } = workers[victim]!
    await workers[victim]!.kill()
    workers[victim] = await startWorkerProcess(hosts[victim], args, hosts[victim] ? undefined : address)
    const { text, streamed, warnings } = await answer
    seconds.push((performance.now() - started) / 1000)
    const told = warnings.some((warning) => warning.includes('lost'))
    const intact = text === texts[heat]![prompt] && streamed === text
    if (intact) whole++
    if (told) noticed++
    options.onProgress(
      `kill ${i + 1}: worker ${victim + 1} at token ${at}, T = ${temperature}: ${intact ? 'nothing lost' : 'TEXT DIFFERS'}, ${told ? '' : 'not '}noticed, ${seconds.at(-1)!.toFixed(1)} s`,
    )
  }
  const sorted = seconds.toSorted((a, b) => a - b)
  return {
    generations: count,
    whole,
    noticed,
    seconds: { median: sorted[Math.floor(sorted.length / 2)] ?? 0, most: sorted.at(-1) ?? 0 },
  }
}

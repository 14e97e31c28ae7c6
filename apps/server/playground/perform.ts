import { compareTexts } from './compare.js'
import { run, type RunRequest } from './run.js'
import type { RunStats } from './protocol.js'
import type { Round, Rounds } from './rounds.js'
import { Stopwatch } from './stopwatch.js'
import { h } from './view/dom.js'
import { Figures, figure } from './view/figures.js'
import { Lane } from './view/lane.js'
import { legend } from './view/legend.js'
import { Positions } from './view/positions.js'
import { type Finish, Race } from './view/race.js'

/** What a performance needs of the page. */
export interface Stage {
  readonly results: HTMLElement
  /** Tells people who cannot see the page. */
  announce(text: string): void
}

interface Watched {
  readonly rounds: Rounds
  readonly stats: RunStats | undefined
  readonly watch: Stopwatch
}

/** One speculative run. Resolves with what there is to say about it at the end. */
export async function performSingle(request: RunRequest, signal: AbortSignal, stage: Stage): Promise<string> {
  const figures = new Figures({ speed: 'Speed', speedup: 'Speed-up', tau: 'Tokens per pass', strategy: 'Strategy' })
  const lane = new Lane('Speculative', request.prompt, stage.announce)
  const positions = new Positions()
  lane.element.classList.add('alone')
  lane.element.append(positions.element)
  stage.results.replaceChildren(figures.element, legend(), lane.element)

  figures.set('speedup', '–', 'estimated at the end; measured side by side')
  const done = await follow(request, signal, lane, ({ rounds, stats, watch }) => {
    positions.update(rounds.positions())
    figures.set('speed', figure(stats?.tokensPerSecond ?? watch.tokensPerSecond), 'tokens a second')
    figures.set('tau', figure(stats?.tau ?? rounds.tau), `${rounds.tokens} tokens, ${rounds.list.length} passes`)
    if (!stats) return
    const { estimatedSpeedup, strategy, drafted, accepted } = stats
    if (drafted === 0) figures.set('speedup', '1×', 'decoded plainly: drafts would not have paid')
    else figures.set('speedup', figure(estimatedSpeedup, '×'), 'estimated by the server; measured side by side')
    figures.set('strategy', strategy ?? '–', `${accepted ?? '–'} of ${drafted ?? '–'} guesses accepted`)
  })
  return summary(done)
}

/** The same prompt and seed, first plainly, then speculatively. */
export async function performBoth(request: RunRequest, signal: AbortSignal, stage: Stage): Promise<string> {
  const race = new Race()
  const positions = new Positions()
  const plain = new Lane('Plain', request.prompt, stage.announce)
  const speculative = new Lane('Speculative', request.prompt, stage.announce)
  const lanes = h('div', { class: 'lanes' }, plain.element, speculative.element)
  stage.results.replaceChildren(h('div', { class: 'both' }, race.element, legend(), lanes, positions.element))
  const ofPlain = await follow({ ...request, speculate: false }, signal, plain, ({ rounds, watch }) =>
    race.progress('plain', watch.elapsedMs, rounds.tokens / request.maxTokens),
  )
  race.finish('plain', finishOf(ofPlain))
  const ofSpeculative = await follow(request, signal, speculative, ({ rounds, watch }) => {
    positions.update(rounds.positions())
    race.progress('speculative', watch.elapsedMs, rounds.tokens / request.maxTokens)
  })
  race.finish('speculative', finishOf(ofSpeculative))
  return race.judge(compareTexts(ofPlain.rounds.text, ofSpeculative.rounds.text), ofSpeculative.stats?.drafted !== 0)
}

async function follow(
  request: RunRequest,
  signal: AbortSignal,
  lane: Lane,
  onProgress: (watched: Watched) => void,
): Promise<Watched> {
  const watch = new Stopwatch(() => performance.now())
  let last: Watched | undefined
  let from: Round | undefined
  let frame = 0
  // Tokens may come faster than a screen can show them.
  const show = (): void => {
    frame = 0
    if (!last) return
    if (from) lane.update(last.rounds, from)
    from = undefined
    onProgress(last)
  }
  try {
    for await (const { rounds, changed, stats } of run(request, signal)) {
      watch.lap(rounds.tokens)
      if (changed && (!from || changed.index < from.index)) from = changed
      last = { rounds, stats, watch }
      frame ||= requestAnimationFrame(show)
    }
  } finally {
    cancelAnimationFrame(frame)
    show()
  }
  if (!last) throw new Error('The server answered with no text at all.')
  return last
}

function finishOf({ rounds, stats, watch }: Watched): Finish {
  return { ...watch.finish(stats), passes: rounds.list.length }
}

function summary({ rounds, stats, watch }: Watched): string {
  const { tokensPerSecond } = watch.finish(stats)
  return `Done: ${rounds.tokens} tokens in ${rounds.list.length} passes, ${figure(tokensPerSecond)} tokens a second.`
}

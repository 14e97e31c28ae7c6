/** A target spread over several hosts, which are network namespaces of this machine: `npm run test:workers`. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { draft, target } from '@foretoken/demo-models'
import { prepare } from '../../src/demo/prepare.js'
import { builtInPrompts } from '../../src/models/prompts.js'
import { modelFiles } from '../../src/models/files.js'
import { makeHosts, noHosts } from './hosts.js'
import { disturb, type Fault } from './faults.js'
import { type Kills, killWorkers, undisturbed } from './kills.js'
import { type Contest, contest } from './measure.js'
import { startNear, startWorkerProcess, type WorkerProcess } from './processes.js'

const help = `Usage: npm run test:workers -- [options]

  --size <350m|none>   the demo pair inflated to this size, or as it is (350m)
  --delays <list>      milliseconds of each wire, in each direction (0,1,5,20)
  --kills <n>          generations in each of which a worker is killed, at 5 ms (50)
  --max-tokens <n>     of each text (64)
  --rounds <n>         of each contest (2)
  --workers <n>        far hosts, besides the near one (2)
  --json <file>        the figures

Needs Linux, root and iproute2.
`

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '350m' },
    delays: { type: 'string', default: '0,1,5,20' },
    kills: { type: 'string', default: '50' },
    'max-tokens': { type: 'string', default: '64' },
    rounds: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** One thread each: hosts that share two cores would wait for each other's. */
const workerArgs = ['--threads', '1']
const killDelay = 5

interface Report {
  readonly alone: readonly Contest[]
  readonly spread: readonly (Contest & { readonly delayMs: number; readonly sameAsAlone: boolean })[]
  readonly faults: readonly Fault[]
  readonly kills: Kills | undefined
}

async function measure(files: { target: string; draft: string }): Promise<Report> {
  const maxTokens = Number(values['max-tokens'])
  const options = { prompts: await chosenPrompts(), maxTokens, rounds: Number(values.rounds) }
  const hosts = await makeHosts(Number(values.workers))
  say(hosts.netem ? 'delays: tc netem' : 'delays: relays in user space, as this kernel has no netem')
  const near = startNear(hosts.near)
  const workers: WorkerProcess[] = []
  try {
    const alone: Contest[] = []
    for (const threads of [1, undefined]) {
      const opened = await near.ask({ op: 'open', ...files, options: threads ? { threads } : {} })
      alone.push(await contest(near, opened, options))
      tell('one machine', alone.at(-1)!)
    }
    const count = Number(values.kills)
    const texts = count === 0 ? [] : await undisturbed(near, options.prompts, maxTokens)
    for (const host of hosts.far) workers.push(await startWorkerProcess(host, workerArgs))
    const open = () =>
      near.ask({
        op: 'open',
        ...files,
        options: { workers: workers.map(({ address }) => address), threads: 1, calibrate: 'fresh' },
      })
    const spread: Report['spread'][number][] = []
    for (const delayMs of values.delays.split(',').map(Number)) {
      await hosts.delay(delayMs)
      const opened = await open()
      for (const { machine, layers, latencyMs, bytesPerSecond } of opened.spread!) {
        const wire =
          latencyMs === undefined ? '' : `, ${latencyMs.toFixed(1)} ms, ${Math.round(bytesPerSecond! / 1e6)} MB/s`
        say(`  ${machine}: layers ${layers.join(' to ')}${wire}`)
      }
      const found = await contest(near, opened, options)
      const sameAsAlone = found.texts.every((text, i) => text === alone[0]!.texts[i])
      spread.push({ ...found, delayMs, sameAsAlone })
      tell(`${delayMs} ms${sameAsAlone ? '' : ' (OTHER TEXT THAN ON ONE MACHINE)'}`, found)
    }
    if (count === 0) return { alone, spread, faults: [], kills: undefined }
    await hosts.delay(killDelay)
    await open()
    const disturbed = {
      ...options,
      near,
      texts,
      count,
      workers,
      hosts: hosts.far,
      args: workerArgs,
      onProgress: (line: string) => say(`  ${line}`),
    }
    const faults = await disturb(hosts, disturbed)
    for (const { kind, noticed, whole } of faults) {
      say(`${kind}: noticed after ${noticed.toFixed(1)} s, ${whole ? 'nothing lost' : 'TEXT DIFFERS'}`)
    }
    const kills = await killWorkers(disturbed)
    const { median, most } = kills.seconds
    say(
      `kills: ${kills.whole} of ${kills.generations} lost nothing; ${kills.noticed} were noticed in the same text; ` +
        `it was over ${median.toFixed(1)} s later (median), at most ${most.toFixed(1)} s`,
    )
    return { alone, spread, faults, kills }
  } finally {
    near.end()
    for (const worker of workers) await worker.end()
    await hosts.remove()
  }
}

function tell(where: string, { plain, drafted, ratio, tau, passes, same }: Contest): void {
  const curve = passes.map(({ tokens, ms }) => `T(${tokens}) ${ms.toFixed(0)} ms`).join(', ')
  const texts = same ? 'same text' : 'TEXTS DIFFER'
  say(
    `${where}: plain ${plain.toFixed(1)} tok/s, with drafts ${drafted.toFixed(1)} tok/s, ${ratio.toFixed(2)}x, tau ${tau.toFixed(2)}, ${texts}; ${curve}`,
  )
}

async function chosenPrompts(): Promise<string[]> {
  const all = await builtInPrompts(['code'])
  return all.slice(0, 3).map(({ text }) => text)
}

const why = await noHosts()
if (values.help) process.stdout.write(help)
else if (why !== undefined) {
  process.stderr.write(`${why}\n`)
  process.exitCode = 2
} else {
  const terminal = {
    out: process.stdout,
    err: process.stderr,
    input: process.stdin,
    env: process.env,
    signal: new AbortController().signal,
  }
  const files = values.size === 'none' ? { target, draft } : await prepare(modelFiles({}), '350m', terminal)
  if (!existsSync(files.target)) throw new Error(`${files.target} is missing.`)
  const report = await measure({ target: files.target, draft: files.draft! })
  if (values.json) await writeFile(values.json, `${JSON.stringify(report, undefined, 2)}\n`)
  const { spread, faults, kills } = report
  const held =
    spread.every(({ same, sameAsAlone }) => same && sameAsAlone) &&
    faults.every(({ whole, noticed }) => whole && noticed < 5) &&
    (!kills || kills.whole === kills.generations)
  say(held ? 'Every text is that of one machine, and every loss was noticed within 5 s.' : 'NOT ALL OF IT HELD.')
  process.exitCode = held ? 0 : 1
}

import { bootstrapInterval, geometricMean, type Interval, median } from '../../apps/cli/src/measure/statistics.js'
import { type Burst, throughput } from './burst.js'
import { type Role, roles } from './side.js'

/** A round of one side. */
export interface Run extends Burst {
  readonly clients: number
  readonly round: number
  readonly role: Role
  readonly setting: string
}

export interface Row {
  readonly clients: number
  readonly role: Role
  readonly setting: string
  /** Of all clients together: geometric mean over the rounds. */
  readonly tokensPerSecond: number
  /** 95 %. */
  readonly interval: Interval
  readonly firstMs: number
  readonly short: number
}

/** Ours with drafts over another side, round by round. */
export interface Ratio {
  readonly clients: number
  readonly over: Exclude<Role, 'on'>
  readonly ratio: number
  /** 95 %. */
  readonly interval: Interval
}

export function rowsOf(runs: readonly Run[]): Row[] {
  return groups(runs).map(({ clients, role, some }) => {
    const speeds = some.map(throughput)
    return {
      ...{ clients, role, setting: some[0]!.setting },
      tokensPerSecond: geometricMean(speeds),
      interval: bootstrapInterval(speeds),
      firstMs: median(some.map(({ firstMs }) => firstMs)),
      short: some.reduce((sum, { short }) => sum + short, 0),
    }
  })
}

export function ratiosOf(runs: readonly Run[]): Ratio[] {
  const all = groups(runs)
  return all.flatMap(({ clients, role, some }) => {
    if (role === 'on') return []
    const own = all.find((each) => each.clients === clients && each.role === 'on')?.some ?? []
    const quotients = own.flatMap((run) => {
      const rival = some.find(({ round }) => round === run.round)
      return rival ? [throughput(run) / throughput(rival)] : []
    })
    const ratio = geometricMean(quotients)
    return quotients.length === 0 ? [] : [{ clients, over: role, ratio, interval: bootstrapInterval(quotients) }]
  })
}

function groups(runs: readonly Run[]): { clients: number; role: Role; some: Run[] }[] {
  const counts = [...new Set(runs.map(({ clients }) => clients))]
  return counts.flatMap((clients) =>
    roles.flatMap((role) => {
      const some = runs.filter((run) => run.clients === clients && run.role === role)
      return some.length > 0 ? [{ clients, role, some }] : []
    }),
  )
}

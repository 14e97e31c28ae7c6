import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../../cli/src/program.js'

const deploy = fileURLToPath(new URL('../../../../deploy/', import.meta.url))
const chart = `${deploy}helm/foretoken/`
const read = (file: string): string => readFileSync(file, 'utf8')
const templates = ['_helpers.tpl', 'replicas.yaml', 'balancer.yaml', 'metrics.yaml', 'autoscaling.yaml', 'NOTES.txt']
  .map((name) => read(`${chart}templates/${name}`))
  .join('\n')

/** The paths of what is in a YAML file of nested maps: `server.parallel`. Of what is below two levels: its first two. */
function paths(yaml: string): Set<string> {
  const found = new Set<string>()
  let section = ''
  for (const [, indent, key] of yaml.matchAll(/^( {0,2})([A-Za-z]+):/gm)) {
    if (indent === '') section = key!
    found.add(indent === '' ? key! : `${section}.${key}`)
  }
  return found
}

describe('the chart', () => {
  const values = paths(read(`${chart}values.yaml`))
  const used = new Set([...templates.matchAll(/\.Values\.([A-Za-z.]+)/g)].map(([, path]) => path!))

  it('uses no value that there is not', () => {
    expect(used.size).toBeGreaterThan(20)
    expect([...used].filter((path) => !values.has(path))).toEqual([])
  })

  it('has no value that is not used', () => {
    // A map as a whole, and what is in it.
    const reached = (path: string): boolean => [...used].some((other) => `${path}.`.startsWith(`${other}.`))
    const leaves = [...values].filter((path) => ![...values].some((other) => other.startsWith(`${path}.`)))
    expect(leaves.filter((path) => !reached(path))).toEqual([])
  })

  it('waits longer for a replica than the replica for its answers', () => {
    const pause = Number(/\[sleep, '(\d+)'\]/.exec(read(`${chart}templates/replicas.yaml`))![1])
    const slack = Number(/add \.Values\.server\.drain (\d+)/.exec(templates)![1])
    // After the drain, those that were told to stop have 5 s for a round, and answers 2 s to be read.
    expect(slack).toBeGreaterThanOrEqual(pause + 5 + 2)
  })
})

it('all that deploy/ tells foretoken serve are options of it', () => {
  const serve = createProgram(async () => {}).commands.find((command) => command.name() === 'serve')!
  const options = new Set(serve.options.map(({ long }) => long))
  const files = ['compose.yaml', 'compose.replicas.yaml', 'helm/foretoken/templates/replicas.yaml']
  const told = files.flatMap((file) =>
    [...read(deploy + file).matchAll(/[[\s]--[a-z][a-z-]*/g)].map(([text]) => text.slice(1)),
  )
  expect(told.length).toBeGreaterThan(10)
  // docker compose's own, in the comments that say how to start it.
  expect(told.filter((option) => !options.has(option) && option !== '--build')).toEqual([])
})

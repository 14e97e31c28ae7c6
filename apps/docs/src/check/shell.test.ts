import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createProgram } from '../../../cli/src/program.js'
import { root } from '../repository.js'
import { commandsOf, type Said, split } from './shell.js'
import { markdownFiles } from './written.js'

const said = markdownFiles().flatMap(commandsOf)

describe('commands in the pages', () => {
  test('are what the program takes', async () => {
    const ours = said.filter(({ words }) => words[0] === 'foretoken')
    expect(ours.length).toBeGreaterThan(60)
    expect(await complaints(ours, complaintOf)).toEqual([])
  })

  test('run scripts that are there', async () => {
    const scripts = said.filter(({ words }) => words[0] === 'npm' && ['run', 'start', 'test'].includes(words[1]!))
    expect(scripts.length).toBeGreaterThan(20)
    expect(await complaints(scripts, missingScript)).toEqual([])
  })

  test('are refused when an option, a command or a value is none', async () => {
    for (const [line, complaint] of [
      ['foretoken generate --modle x', /unknown option '--modle'/],
      ['foretoken generat -p x', /unknown command 'generat'/],
      ['foretoken demo --size 5b', /argument '5b' is invalid/],
      ['foretoken serve x', /too many arguments/],
    ] as const) {
      expect(await complaintOf(split(line)[0]!)).toMatch(complaint)
    }
  })
})

test('a line is split as a shell would', () => {
  expect(split(`A=1 foretoken bench -c 'a|b' "x \\"y\\"" > out.json && cd z # and so on`)).toEqual([
    ['A=1', 'foretoken', 'bench', '-c', 'a|b', 'x "y"'],
    ['cd', 'z'],
  ])
  expect(split('foretoken pull <name> …')).toEqual([['foretoken', 'pull', '<name>']])
})

async function complaints(
  all: readonly Said[],
  about: (words: readonly string[], page: string) => Promise<string | undefined>,
): Promise<string[]> {
  const found: string[] = []
  for (const { page, line, words } of all) {
    const complaint = await about(words, page)
    if (complaint !== undefined) found.push(`${page}:${line}: ${words.join(' ')}: ${complaint}`)
  }
  return found
}

/** What commander has against it. */
async function complaintOf(words: readonly string[]): Promise<string | undefined> {
  const program = createProgram(async () => {})
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeOut: () => {}, writeErr: () => {} })
  }
  try {
    // The program alone prints its help, and calls that an error.
    if (words.length > 1) await program.parseAsync(words.slice(1), { from: 'user' })
    return undefined
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    // A sentence that names a command need not say what it takes.
    const isFine = words.length === 2 && code === 'commander.missingArgument'
    return isFine || code === 'commander.helpDisplayed' || code === 'commander.version' ? undefined : message
  }
}

/** In the page's own folder or at the root. */
async function missingScript([, run, name]: readonly string[], page: string): Promise<string | undefined> {
  const script = run === 'run' ? name! : run!
  const known = [dirname(page), '.'].some((folder) => scriptsOf(folder)[script] !== undefined)
  return known ? undefined : `there is no script ${script}`
}

function scriptsOf(folder: string): Record<string, string> {
  try {
    const manifest = readFileSync(join(root, folder, 'package.json'), 'utf8')
    return (JSON.parse(manifest) as { scripts?: Record<string, string> }).scripts ?? {}
  } catch {
    return {}
  }
}

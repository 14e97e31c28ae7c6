import { describe, expect, test } from 'vitest'
import { createProgram } from './program.js'

const program = createProgram(async () => {})

/** As `--help` prints it, with what is added after the options. */
function helpOf(name: string): string {
  let text = ''
  const command = program.commands.find((each) => each.name() === name)!
  command.configureOutput({ writeOut: (piece) => (text += piece) })
  command.outputHelp()
  return text
}

describe.each([
  'demo',
  'generate',
  'chat',
  'bench',
  'tune',
  'verify',
  'check',
  'inspect',
  'convert',
  'pull',
  'pair',
  'bundle',
  'export',
])('%s', (name) => {
  test('helps, with an example and the exit codes', () => {
    const help = helpOf(name)
    expect(help).toContain(`$ foretoken ${name}`)
    expect(help).toMatch(/Exit codes: 0 ok/)
    expect(help).toContain('--json')
    expect(help).not.toContain('undefined')
  })
})

test('an option that two commands have means the same in both', () => {
  const seen = new Map<string, { flags: string; command: string; default: unknown }>()
  const own = new Set(['--json', '--max-tokens', '--size', '--rounds', '--length'])
  for (const command of program.commands) {
    for (const option of command.options) {
      const name = option.long!
      const before = seen.get(name)
      const now = { flags: option.flags, default: option.defaultValueDescription ?? option.defaultValue }
      if (before)
        expect({ command: command.name(), flags: before.flags }).toEqual({ command: command.name(), flags: now.flags })
      if (before && !own.has(name)) expect([name, now.default]).toEqual([name, before.default])
      seen.set(name, { ...now, command: command.name() })
    }
  }
})

test("the version is the package's", () => {
  expect(program.version()).toMatch(/^\d+\.\d+\.\d+/)
})

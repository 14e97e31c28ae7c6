import { describe, expect, it } from 'vitest'
import { gbnfLanguage } from '../gbnf/language.js'
import { prepare } from '../language/prepare.js'
import { schemaLanguage } from '../schema/language.js'
import { pick, seeded } from '../testing/random.js'
import { testVocabulary } from '../testing/vocabulary.js'
import { allowed } from '../testing/walk.js'
import { Vocabulary } from '../vocabulary/vocabulary.js'
import { Machine } from './machine.js'
import { Masks } from './masks.js'
import { buildProgram } from './nodes.js'
import type { State } from './state.js'

const source = testVocabulary()
const vocabulary = new Vocabulary(source)
const schema = {
  type: 'array',
  items: { type: 'object', properties: { a: { type: 'string', maxLength: 30 }, b: { type: 'array', maxItems: 40 } } },
}
const list = 'root ::= item ("," item){0,50}\nitem ::= [a-zé]{1,40} | "(" root ")"'

describe('a machine', () => {
  it.each([
    ['schema', prepare(schemaLanguage(schema), 'schema')],
    ['grammar', prepare(gbnfLanguage(list), 'grammar')],
  ])('that forgets all the time allows the same (%s)', (_, language) => {
    const program = buildProgram(language)
    const machines = [new Machine(program), new Machine(program, 3)]
    const masks = machines.map((machine) => new Masks(machine, vocabulary))
    const random = seeded(4)
    const words = Math.ceil(vocabulary.size / 32)
    let states = machines.map((machine) => machine.start)
    for (let i = 0; i < 150; i++) {
      const [mask, again] = masks.map((each, at) => {
        const bits = new Int32Array(words)
        each.fill(states[at]!, bits)
        return bits
      })
      expect(again).toEqual(mask)
      const choices = allowed(mask!, vocabulary.size).filter((token) => !vocabulary.isEnd(token))
      if (choices.length === 0) break
      const bytes = vocabulary.bytes(pick(choices, random))
      states = machines.map((machine, at) =>
        bytes.reduce<State>((state, byte) => machine.step(state, byte)!, states[at]!),
      )
    }
  })

  it('a list of any length needs no deeper a stack', () => {
    const machine = new Machine(buildProgram(prepare(gbnfLanguage('root ::= "a" root | "b"'), 'grammar')))
    const once = machine.step(machine.start, 0x61)!
    expect(machine.step(once, 0x61)).toBe(once)
  })

  it('tells bytes apart only where that matters', () => {
    const program = buildProgram(prepare(gbnfLanguage('root ::= [a-z]+ [0-9]'), 'grammar'))
    expect(program.classes).toBe(5)
    expect(program.classOf[0x61]).toBe(program.classOf[0x7a])
    expect(program.classOf[0x61]).not.toBe(program.classOf[0x39])
  })
})

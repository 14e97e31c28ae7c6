import type { RenderChat } from '../model.js'
import { chatRenderer } from '../backend/chat.js'
import { describe, expect, it } from 'vitest'
import { toolForm } from './form.js'
import { characterTokenizer, chatml, familyRenderer } from '../testing/chat-templates.js'

describe('the form of calls', () => {
  it('with a tag around each', () => {
    expect(toolForm(characterTokenizer(), familyRenderer('hermes'))).toMatchObject({
      markers: [{ open: '<tool_call>', close: '</tool_call>' }],
      bare: false,
      list: false,
      argumentsKey: 'arguments',
      opening: { instead: '', write: '<tool_call>\n' },
    })
  })

  it('as bare JSON with parameters', () => {
    const python = '<|python_tag|>'
    const form = toolForm(characterTokenizer([python]), familyRenderer('llama'))
    expect(form).toMatchObject({ bare: true, list: false, argumentsKey: 'parameters', opening: { write: '' } })
    expect([...form.hidden.values()]).toEqual([python])
  })

  it('as a list behind a control token', () => {
    const form = toolForm(characterTokenizer(['[TOOL_CALLS]']), familyRenderer('mistral'))
    expect(form).toMatchObject({
      markers: [{ open: '[TOOL_CALLS]' }],
      bare: false,
      list: true,
      argumentsKey: 'arguments',
      opening: { instead: '', write: '[TOOL_CALLS]' },
    })
    expect([...form.hidden.values()]).toEqual(['[TOOL_CALLS]'])
  })

  it('where prompts open thoughts, calls stand in place of them', () => {
    expect(toolForm(characterTokenizer(), familyRenderer('hermes', '<think>\n'))).toMatchObject({
      markers: [{ open: '<tool_call>', close: '</tool_call>' }],
      opening: { instead: '<think>\n', write: '<tool_call>\n' },
    })
  })

  it.each([
    ['the template knows no tools', chatml],
    ['calls are no JSON in the template', familyRenderer('tagged')],
  ])('is the one that the model is told of when %s', (_, render) => {
    const form = toolForm(characterTokenizer(), render)
    expect(form).toMatchObject({ bare: true, list: false, argumentsKey: 'arguments', opening: { write: '' } })
    const text = form.render([{ role: 'user', content: 'Hi' }], { tools: [{ name: 'look_up', description: 'Looks.' }] })
    expect(text).toContain('{"name":"look_up","description":"Looks."}')
    expect(text).not.toContain('Tools:')
  })

  it('has no marker where every answer begins alike', () => {
    const start = '<|response|>'
    const render = chatRenderer(
      () => ({
        render: ({ messages }) =>
          (messages as { role: string; content: string }[])
            .map(({ role, content }) => `<|${role}|>${role === 'assistant' ? start : ''}${content}\n`)
            .join('') + '<|assistant|>',
      }),
      '',
      '',
    )
    const form = toolForm(characterTokenizer([start]), render)
    expect(form).toMatchObject({ bare: true, opening: { instead: '', write: start } })
    expect(form.hidden.size).toBe(0)
  })

  it('is a guess where the template refuses calls', () => {
    const refuses: RenderChat = (messages) => {
      if (messages.length > 1) throw new Error('one message')
      return messages[0]!.content
    }
    expect(toolForm(characterTokenizer(), refuses)).toMatchObject({ bare: true, opening: { instead: '', write: '' } })
  })

  it('is found once for a tokenizer', () => {
    const tokenizer = characterTokenizer()
    expect(toolForm(tokenizer, chatml)).toBe(toolForm(tokenizer, chatml))
  })
})

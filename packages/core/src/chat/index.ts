/*
 * Tools in chats, for those who put a model behind an API: from messages and tools to a prompt and a parser.
 *
 *   const chat = prepareChat({ messages, tools }, model.tokenizer)
 *   generate({ model, prompt: chat.prompt, responseFormat: chat.responseFormat ?? own, … })
 *   const parser = chat.parser()                                    one for each answer
 *   for each event of the generation
 *     if (event.type === 'token')  parser.push(event.text, event.token)   → events; stop reading when parser.done
 *     if (event.type === 'finish') [...parser.push(event.text), ...parser.end()]
 *
 * It serves chats without tools as well: then the parser hands the text through.
 */
export type { ToolCallEvent, ToolCallParser } from './parser.js'
export { prepareChat, type Chat, type PreparedChat } from './prepare.js'

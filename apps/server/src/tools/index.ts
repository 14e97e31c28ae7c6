/*
 * Tools in chats: from OpenAI's request to a prompt and a parser, and from what that finds to OpenAI's answer.
 *
 *   const chat = prepareChat(request, engine.target.tokenizer)
 *   engine.submit({ prompt: chat.prompt, responseFormat: chat.responseFormat ?? own, … })
 *   const parser = chat.parser()                                    one for each choice
 *   for await (event of run)
 *     if (event.type === 'token')  parser.push(event.text, event.token)   → events; stop reading when parser.done
 *     if (event.type === 'finish') [...parser.push(event.text), ...parser.end()]
 *   deltaOf(event) makes a stream's delta of each; messageOf(events) the whole message;
 *   finishReasonOf(parser, result.finishReason) ends it.
 *
 * It serves chats without tools as well: then the parser hands the text through.
 */
export { deltaOf, finishReasonOf, messageOf } from './answer.js'
export type { ToolCallEvent, ToolCallParser } from './parser.js'
export { prepareChat } from './prepare.js'
export { chatFields } from './request.js'

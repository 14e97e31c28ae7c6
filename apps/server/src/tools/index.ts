/*
 * Tools in chats: from OpenAI's request to what core's `prepareChat` takes, and from what its parser finds to OpenAI's
 * answer: deltaOf(event) makes a stream's delta of each event; messageOf(events) the whole message;
 * finishReasonOf(parser, result.finishReason) ends it.
 */
export { deltaOf, finishReasonOf, messageOf } from './answer.js'
export { prepareChat } from './prepare.js'
export { chatFields } from './request.js'

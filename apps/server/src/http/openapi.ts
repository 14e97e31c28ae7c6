import { z } from 'zod'
import { chatSchema } from '../openai/chat/schema.js'
import { completionSchema } from '../openai/completions/schema.js'

const failures = {
  400: 'the request is wrong, or does not fit into the context',
  401: 'no API key, or not one of ours',
  404: 'another model',
  413: 'the body is too large',
  429: 'too much under way: wait as long as Retry-After says',
  503: 'loading or stopping',
  504: 'the answer took too long',
} as const

const error = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: ['string', 'null'] },
        code: { type: ['string', 'null'] },
      },
    },
  },
}

/** What the server can be asked. The bodies are what requests are checked with; answers are OpenAI's. */
export function openApi(keyed: boolean): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Foretoken',
      version: '1',
      description: "OpenAI's API for a local model. Answers tell what they took in the field foretoken.",
    },
    ...(keyed && { components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } } }),
    paths: {
      '/v1/chat/completions': generation('Goes on with a chat.', chatSchema, keyed),
      '/v1/completions': generation('Goes on with a text.', completionSchema, keyed),
      '/v1/models': get('The model, as a list of one.', keyed),
      '/v1/models/{model}': {
        parameters: [{ name: 'model', in: 'path', required: true, schema: { type: 'string' } }],
        ...get('The model.', keyed),
      },
      '/health': get('200 while the server lives.', false),
      '/ready': get('200 while it takes requests; 503 while it loads or is about to stop.', false),
      '/metrics': get("Prometheus' text, where the server was given metrics.", keyed),
    },
  }
}

function generation(summary: string, body: z.ZodType, keyed: boolean): object {
  return {
    post: {
      summary,
      ...security(keyed),
      requestBody: {
        required: true,
        content: { 'application/json': { schema: z.toJSONSchema(body, { io: 'input' }) } },
      },
      responses: {
        200: {
          description: "OpenAI's answer or, with stream, its chunks as server-sent events that end in [DONE]",
          content: { 'application/json': {}, 'text/event-stream': {} },
        },
        ...Object.fromEntries(
          Object.entries(failures).map(([status, description]) => [
            status,
            { description, content: { 'application/json': { schema: error } } },
          ]),
        ),
      },
    },
  }
}

function get(summary: string, keyed: boolean): object {
  return { get: { summary, ...security(keyed), responses: { 200: { description: 'as it says' } } } }
}

function security(keyed: boolean): object {
  return keyed ? { security: [{ key: [] }] } : {}
}

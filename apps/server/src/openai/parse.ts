import type { z } from 'zod'
import { type ApiError, badRequest } from '../http/errors.js'

/** The body as the schema has it. @throws an {@link ApiError} that names the field and says what is wrong with it. */
export function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw describe(deepest(result.error.issues[0]!, []), body)
}

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** Of the ways to read a value that all fail, the one that got furthest. */
function deepest(issue: Issue, before: Path): Issue {
  const path = [...before, ...issue.path]
  const branches = issue.code === 'invalid_union' ? issue.errors.flatMap((issues) => issues.slice(0, 1)) : []
  const found = branches.map((branch) => deepest(branch, path))
  return found.reduce((best, next) => (next.path.length > best.path.length ? next : best), {
    ...issue,
    path: [...path],
  })
}

function describe(issue: Issue, body: unknown): ApiError {
  const param = nameOf(issue.path)
  const said = param === undefined ? 'the body' : `'${param}'`
  const hint = issue.message.replace(/^Invalid input: /, '')
  if (issue.code === 'unrecognized_keys') {
    const unknown = nameOf([...issue.path, issue.keys[0]!])!
    return badRequest(`Unknown parameter: '${unknown}'. Leave it out.`, unknown, 'unknown_parameter')
  }
  if (issue.code !== 'invalid_type') return badRequest(`Invalid value for ${said}: ${hint}.`, param, 'invalid_value')
  if (valueAt(body, issue.path) === undefined) {
    return badRequest(`Missing required parameter: ${said}.`, param, 'missing_required_parameter')
  }
  return badRequest(`Invalid type for ${said}: ${hint}.`, param, 'invalid_type')
}

/** `messages[0].content` */
function nameOf(path: Path): string | undefined {
  const parts = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
  return parts.length === 0 ? undefined : parts.join('').replace(/^\./, '')
}

function valueAt(body: unknown, path: Path): unknown {
  return path.reduce((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], body)
}

import type { LaunchOptions } from '../peers/llama-cpp/launch.js'
import type { Answer } from './stream.js'

/** Who is compared. `default` and `best` are llama-server, as it comes with a draft model and at its best setting. */
export const roles = ['on', 'off', 'default', 'best'] as const
export type Role = (typeof roles)[number]

export const namesOf: Readonly<Record<Role, string>> = {
  on: 'foretoken',
  off: 'foretoken, no drafts',
  default: 'llama-server, its default',
  best: 'llama-server, its best',
}

/** A server at one setting. */
export interface Side {
  /** Several where the default is the best. */
  readonly roles: readonly Role[]
  readonly setting: string
  ask(prompt: string): Promise<Answer>
}

export interface Setup extends LaunchOptions {
  readonly maxTokens: number
}

/**
 * The same prompt for the side without drafts. It has the process in common with the one with drafts, and so the cache of
 * what was read: another first token, and nothing of it is of use.
 */
export function withoutDrafts(prompt: string): string {
  return `\n${prompt}`
}

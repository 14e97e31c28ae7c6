import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { ForetokenError } from '@foretoken/core'

/** Where models come from and where they are kept. */
export interface HubSettings {
  /** The Hub or a mirror of it, without a slash at the end. `HF_ENDPOINT`; default `https://huggingface.co`. */
  readonly endpoint: string
  /** Sent to the endpoint and to nobody else. `HF_TOKEN`, or what `hf auth login` has stored. */
  readonly token: string | undefined
  /** The cache that all of the Hub's tools share. `HF_HUB_CACHE`, or `hub` in `HF_HOME`; default `~/.cache/huggingface/hub`. */
  readonly cache: string
  /** Only what is in the cache. `HF_HUB_OFFLINE=1`. */
  readonly offline: boolean
}

/**
 * The settings that the Hub's own tools would work with.
 *
 * @param given What is settled already.
 * @throws `invalid-argument` for an endpoint that is no address.
 */
export function hubSettings(
  given: Partial<HubSettings> = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): HubSettings {
  const home = folder(env.HF_HOME) ?? join(folder(env.XDG_CACHE_HOME) ?? join(homedir(), '.cache'), 'huggingface')
  const endpoint = (given.endpoint ?? (env.HF_ENDPOINT || 'https://huggingface.co')).replace(/\/+$/, '')
  if (!/^https?:\/\/[^/]/.test(endpoint) || !URL.canParse(endpoint)) {
    const message = `${endpoint} is no address of a Hub: set HF_ENDPOINT to one like https://huggingface.co, or unset it.`
    throw new ForetokenError('invalid-argument', message)
  }
  return {
    endpoint,
    token: given.token ?? tokenOf(env, home),
    cache: resolve(given.cache ?? folder(env.HF_HUB_CACHE) ?? folder(env.HUGGINGFACE_HUB_CACHE) ?? join(home, 'hub')),
    offline: given.offline ?? /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE ?? ''),
  }
}

function tokenOf(env: Readonly<Record<string, string | undefined>>, home: string): string | undefined {
  const token = env.HF_TOKEN?.trim()
  if (token) return token
  try {
    return readFileSync(env.HF_TOKEN_PATH || join(home, 'token'), 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}

function folder(path: string | undefined): string | undefined {
  if (!path) return undefined
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}

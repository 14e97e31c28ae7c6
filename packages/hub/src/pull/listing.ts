import { ForetokenError } from '@foretoken/core'
import { isCommit } from '../cache/layout.js'
import type { ListedFile } from '../names/choose.js'
import { isSafePath } from '../names/safe-path.js'
import type { Context } from './context.js'
import { persist } from './persist.js'
import { passing, request } from './request.js'

/** A file as the Hub lists it. */
export interface HubFile extends ListedFile {
  /** Of large files the SHA-256 of what is in them, of small ones what git calls them: SHA-1, over a heading as well. */
  readonly etag: string
}

export interface Listing {
  readonly repo: string
  readonly commit: string
  readonly files: readonly HubFile[]
}

/**
 * Which files a repository has at a revision.
 *
 * @throws `model-file` when the Hub does not give it to us, `runtime` when it cannot be reached.
 */
export async function listRepo(context: Context, repo: string, revision: string): Promise<Listing> {
  // Most models are on this machine, and found without it.
  const { listFiles, modelInfo } = await import('@huggingface/hub')
  const { endpoint: hubUrl } = context.settings
  const options = { hubUrl, fetch: fetchThrough(context) }
  const info = await modelInfo({ name: repo, revision, additionalFields: ['sha'], ...options })
  const commit: unknown = info.sha
  if (typeof commit !== 'string' || !isCommit(commit)) throw odd(hubUrl, `no commit of ${repo}`)
  const files: HubFile[] = []
  for await (const entry of listFiles({ repo, revision: commit, recursive: true, ...options })) {
    if (entry.type !== 'file' || !isSafePath(entry.path)) continue
    const etag = entry.lfs?.oid ?? entry.oid
    const size = entry.lfs?.size ?? entry.size
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(etag ?? '') || !Number.isSafeInteger(size) || size < 0) continue
    files.push({ path: entry.path, size, etag: etag! })
  }
  return { repo, commit, files }
}

/** `fetch` for the Hub's own client: with our patience, our errors, and the token where it may go. */
function fetchThrough(context: Context): typeof fetch {
  const what = `asking ${new URL(context.settings.endpoint).host}`
  return (input) =>
    persist(context, what, async () => {
      const address = input instanceof Request ? input.url : String(input)
      const { response, close } = await request(context, address, new Headers({ accept: 'application/json' }))
      try {
        const text = await response.text()
        JSON.parse(text)
        return new Response(text, { status: response.status, headers: response.headers })
      } catch (error) {
        if (error instanceof SyntaxError) throw odd(context.settings.endpoint, 'no JSON')
        throw passing(error, new URL(address), context.patience.silence)
      } finally {
        close()
      }
    })
}

function odd(endpoint: string, what: string): ForetokenError {
  return new ForetokenError(
    'runtime',
    `${endpoint} answered with ${what}: it does not speak as the Hub does. Check HF_ENDPOINT.`,
  )
}

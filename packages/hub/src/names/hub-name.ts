import { ForetokenError } from '@foretoken/core'
import { isSafePath } from './safe-path.js'

/** A model on the Hub, as people write it. */
export interface HubName {
  /** `owner/repo` */
  readonly repo: string
  /** A branch, a tag, or a commit. */
  readonly revision: string
  /** A file of the repository, or a folder of it. */
  readonly path?: string
  /** Which of several: `Q4_K_M`, `fp16`. */
  readonly tag?: string
}

const forms =
  'Use owner/repo, owner/repo:Q4_K_M, owner/repo@revision, hf://owner/repo/file.gguf, or the address of its page.'

/**
 * Reads `owner/repo`, `owner/repo:Q4_K_M`, `owner/repo@revision`, `hf://owner/repo@revision/path`, and addresses of the
 * Hub's pages and files.
 *
 * @param endpoint The Hub in use: addresses of a mirror are names, too.
 * @returns `undefined` for what is of another form: a path, or an address of another host.
 * @throws `invalid-argument` for what is meant as a name and is none.
 */
export function parseHubName(text: string, endpoint?: string): HubName | undefined {
  const scheme = /^(?:hf|huggingface):(?:\/\/)?(.*)$/.exec(text)
  if (scheme) return read(scheme[1]!, text)
  if (/^https?:/.test(text)) return ofAddress(text, endpoint)
  if (!/^[A-Za-z0-9][^/\\]*\/[^/\\]+$/.test(text) || /\.(gguf|onnx|json)$/i.test(text)) return undefined
  try {
    return read(text, text)
  } catch {
    // Somebody's folder with odd characters in its name.
    return undefined
  }
}

/** As {@link parseHubName}, where nothing but a name will do. */
export function mustBeHubName(text: string, endpoint?: string): HubName {
  const name = parseHubName(text, endpoint)
  if (name) return name
  throw new ForetokenError('invalid-argument', `${text} is no name of a model on the Hub. ${forms}`)
}

/** The shortest form that says the same. */
export function formatHubName({ repo, revision, path, tag }: HubName): string {
  const at = revision === 'main' ? '' : `@${revision.replaceAll('/', '%2F')}`
  if (path !== undefined) return `hf://${repo}${at}/${path}`
  return `${repo}${at}${tag === undefined ? '' : `:${tag}`}`
}

const pattern =
  /^([\w.-]+\/[\w.-]+)(?:@(refs\/(?:pr|convert)\/[\w.-]+|(?:[\w.-]|%2F)+))?(?:\/(.+?)\/?|:([\w.-]+))?\/?$/i

function read(name: string, text: string): HubName {
  const [, repo = '', revision = 'main', path, tag] = pattern.exec(name) ?? []
  return checked(
    {
      repo,
      revision: revision.replace(/%2F/gi, '/'),
      ...(path !== undefined && { path }),
      ...(tag !== undefined && { tag }),
    },
    text,
  )
}

function ofAddress(text: string, endpoint: string | undefined): HubName | undefined {
  if (!URL.canParse(text)) return undefined
  const { host, pathname } = new URL(text)
  const own = endpoint === undefined ? undefined : new URL(endpoint)
  const prefix = own?.host === host ? own.pathname.replace(/\/$/, '') : ''
  if (own?.host !== host && host !== 'huggingface.co' && host !== 'hf.co') return undefined
  if (!pathname.startsWith(`${prefix}/`)) return undefined
  const [owner, repo, view, revision, ...path] = pathname.slice(prefix.length + 1).split('/')
  if (view === undefined || view === '') return read(`${owner}/${decoded(repo)}`, text)
  if (!/^(resolve|blob|raw|tree)$/.test(view) || revision === undefined) {
    throw new ForetokenError('invalid-argument', `${text} is no address of a model or of a file of one. ${forms}`)
  }
  const file = path.filter(Boolean).map(decoded).join('/')
  return checked({ repo: `${owner}/${repo}`, revision: decoded(revision), ...(file !== '' && { path: file }) }, text)
}

function decoded(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? '')
  } catch {
    return ''
  }
}

/** What becomes part of paths on this disk and of addresses must not lead anywhere else. */
function checked(name: HubName, text: string): HubName {
  const { repo, revision, path, tag } = name
  const sound =
    /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9_][\w.-]*$/.test(repo) &&
    !/--|\.\./.test(repo) &&
    isSafePath(revision) &&
    /^[\w./-]+$/.test(revision) &&
    (path === undefined || isSafePath(path)) &&
    (tag === undefined || /^[\w.-]+$/.test(tag))
  if (!sound) throw new ForetokenError('invalid-argument', `${text} is no name of a model on the Hub. ${forms}`)
  return name
}

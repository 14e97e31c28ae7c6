// Nothing of one machine or person is committed: no registry host, no token, no key, no local path.
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const forbidden = [
  { what: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
  {
    what: 'an access token',
    pattern: /\b(npm_[A-Za-z0-9]{36}|gh[opsu]_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{34}|AKIA[A-Z0-9]{16})\b/,
  },
  { what: 'a registry token', pattern: /_auth(Token)?\s*=/ },
  { what: 'the path of this checkout', pattern: literal(`${root}/`) },
]

const host = new URL(execFileSync('npm', ['config', 'get', 'registry'], { cwd: root, encoding: 'utf8' }).trim()).host
forbidden.push({ what: 'the host of a package registry', pattern: literal(host) })

const problems = []
for (const file of git('ls-files', '--cached', '--others', '--exclude-standard', '-z').split('\0').filter(Boolean)) {
  const path = join(root, file)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isFile() || stat.size > 4_000_000) continue
  const text = readFileSync(path, 'latin1')
  if (text.includes('\0')) continue // binary
  for (const { what, pattern } of forbidden) if (pattern.test(text)) problems.push(`${file}: ${what}`)
  if (file === 'pnpm-lock.yaml' && /https?:/.test(text))
    problems.push(`${file}: a URL; packages are to be named without a host`)
  if (file.endsWith('.npmrc') && /registry\s*=/.test(text)) problems.push(`${file}: a registry`)
}

for (const problem of problems) console.error(problem)
process.exit(problems.length ? 1 : 0)

function literal(text) {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
}

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { type Fence, fences } from '../markdown.js'
import { root } from '../repository.js'

/** A block of TypeScript in a page. */
export interface Snippet {
  readonly page: string
  readonly line: number
  /** What the block calls itself in its first line, `// name.ts`, so that later ones can import it. */
  readonly name: string
  readonly text: string
  /** What the reader is taken to have: declarations in a comment above the block, `<!-- given: … -->`. */
  readonly given: string
}

export function snippetsOf(page: string): Snippet[] {
  return fences(readFileSync(join(root, page), 'utf8'))
    .filter(({ language }) => language === 'ts' || language === 'typescript')
    .map((fence, i) => ({ page, line: fence.line, name: nameOf(fence, i), text: fence.text, given: givenOf(fence) }))
}

function nameOf({ text }: Fence, place: number): string {
  return /^\/\/ ([\w.-]+\.ts)\b/.exec(text)?.[1] ?? `block-${place + 1}.ts`
}

function givenOf({ comment = '' }: Fence): string {
  return comment.startsWith('given:') ? comment.slice('given:'.length).trim() : ''
}

/** What TypeScript says against the snippets, checked together: `page:line: message`. */
export function typeErrors(snippets: readonly Snippet[]): string[] {
  const texts = new Map(snippets.map((snippet) => [pathOf(snippet), sourceOf(snippet)]))
  const options = compilerOptions()
  const program = ts.createProgram([...texts.keys()], options, hostWith(texts, options))
  return snippets.flatMap((snippet) => {
    const file = program.getSourceFile(pathOf(snippet))!
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    return found.map(({ start = 0, messageText }) => {
      const line = file.getLineAndCharacterOfPosition(start).line - sourceBefore(snippet).split('\n').length + 2
      return `${snippet.page}:${snippet.line + line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
  })
}

/** A page's blocks lie in a folder of their own, beside the page, so that they find what is installed there. */
function pathOf({ page, name }: Snippet): string {
  return join(root, `${page}.snippets`, name)
}

/** Each block is a module. */
function sourceOf(snippet: Snippet): string {
  return `${sourceBefore(snippet)}${snippet.text}\nexport {}\n`
}

function sourceBefore({ given }: Snippet): string {
  return given === '' ? '' : `${given}\n`
}

/** Ours, without what a reader need not have set. */
function compilerOptions(): ts.CompilerOptions {
  const path = join(root, 'tsconfig.json')
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(path, ts.sys.readFile).config, ts.sys, root)
  return { ...options, noUncheckedIndexedAccess: false, exactOptionalPropertyTypes: false, declaration: false }
}

function hostWith(texts: ReadonlyMap<string, string>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options)
  const folders = new Set([...texts.keys()].map((path) => dirname(path)))
  const everywhere = workspaceFolders()
  const cache = ts.createModuleResolutionCache(root, (path) => path, options)
  const virtual: ts.CompilerHost = {
    ...host,
    fileExists: (path) => texts.has(path) || host.fileExists(path),
    readFile: (path) => texts.get(path) ?? host.readFile(path),
    directoryExists: (path) => folders.has(path) || host.directoryExists!(path),
    getSourceFile: (path, languageVersion, ...rest) =>
      texts.has(path)
        ? ts.createSourceFile(path, texts.get(path)!, languageVersion)
        : host.getSourceFile(path, languageVersion, ...rest),
    resolveModuleNameLiterals: (names, containing) =>
      names.map(({ text: name }) => {
        const from = [containing, ...(texts.has(containing) && !name.startsWith('.') ? everywhere : [])]
        for (const path of from) {
          const found = ts.resolveModuleName(name, path, options, virtual, cache, undefined, ts.ModuleKind.ESNext)
          if (found.resolvedModule) return found
        }
        return { resolvedModule: undefined }
      }),
  }
  return virtual
}

/** A page may speak of any of our packages, and of what any of them works with. */
function workspaceFolders(): string[] {
  return ['packages', 'apps', 'examples'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(root, group, name, 'page.ts')),
  )
}

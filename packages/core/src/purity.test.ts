import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = import.meta.dirname
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
)

/** What a source imports from outside: `… from 'x'`, `import 'x'`, `import('x')`, `require('x')`; examples in comments apart. */
function foreignImports(source: string): string[] {
  const code = source.replace(/^\s*(\*|\/\/|\/\*).*$/gm, '')
  const names = code.matchAll(/(?:\bfrom|\bimport|\b(?:import|require)\s*\()\s*['"]([^'"]+)['"]/g)
  return [...names].map((match) => match[1]!).filter((name) => !name.startsWith('.'))
}

describe('core runs anywhere', () => {
  it('the search sees each kind of import', () => {
    const lines = ["import a from 'a'", 'export * from "b"', "import 'c'", "await import('d')", "require('node:e')"]
    expect(foreignImports(lines.join('\n'))).toEqual(['a', 'b', 'c', 'd', 'node:e'])
    expect(foreignImports("import x from './x.js'\n * import y from 'y'\n// import 'z'")).toEqual([])
    expect(sources).toContain('index.ts')
  })

  it.each(sources)('%s imports nothing from outside', (file) => {
    expect(foreignImports(readFileSync(join(root, file), 'utf8'))).toEqual([])
  })

  it('has no runtime dependency', () => {
    const manifest: Record<string, unknown> = JSON.parse(readFileSync(join(root, '../package.json'), 'utf8'))
    for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
      expect(manifest[kind], kind).toBeUndefined()
    }
  })
})

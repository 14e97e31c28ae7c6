// How large core is in somebody's bundle: all that its main entry exports, minified and compressed. Ends with 1 above the limit.
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from './packages.mjs'

const limit = 40_000
const { outputFiles } = await build({
  entryPoints: [join(root, 'packages', 'core', 'dist', 'index.js')],
  bundle: true,
  minify: true,
  format: 'esm',
  write: false,
})
const code = outputFiles[0].contents
const gzip = gzipSync(code, { level: 9 }).length
const brotli = brotliCompressSync(code).length
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
console.log(
  `@foretoken/core: ${kilobytes(code.length)} minified, ${kilobytes(gzip)} with gzip ` +
    `(at most ${kilobytes(limit)}), ${kilobytes(brotli)} with brotli`,
)
process.exit(gzip > limit ? 1 : 0)

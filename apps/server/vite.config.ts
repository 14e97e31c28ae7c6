import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The playground. It is served under any path, so its addresses are relative. */
export default defineConfig({
  root: here('playground'),
  base: './',
  build: {
    outDir: here('dist/playground'),
    emptyOutDir: true,
    target: ['chrome123', 'firefox121', 'safari17.5'],
    modulePreload: { polyfill: false },
    // Nothing is inlined: the page's policy allows files of its own only, no data addresses.
    assetsInlineLimit: 0,
  },
})

import { defineConfig } from 'vitest/config'

/** Our packages resolve to their sources under the first of these, so that no build is needed; the rest are Vite's own. */
const conditions = ['@foretoken/source', 'module', 'node', 'development|production']

export default defineConfig(({ mode }) => {
  // Suites that are slow in full have a quick form, which is the default: they look at FORETOKEN_FULL.
  const full = mode === 'full' || process.env.FORETOKEN_FULL === '1'
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      include: [
        'packages/*/{src,recipe}/**/*.test.ts',
        'apps/*/{src,bench}/**/*.test.ts',
        'scripts/**/*.test.ts',
        'bench/**/*.test.ts',
      ],
      // Processes, not threads: native libraries are loaded once in each, and a crash takes one file with it.
      pool: 'forks',
      maxWorkers: 2,
      testTimeout: full ? 600_000 : 60_000,
      hookTimeout: full ? 600_000 : 60_000,
      env: full ? { FORETOKEN_FULL: '1' } : {},
    },
  }
})

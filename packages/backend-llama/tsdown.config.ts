import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: { index: 'src/index.ts', engine: 'src/workers/engine.ts', 'spread-child': 'src/workers/child.ts' },
  platform: 'node',
  target: 'node20.19',
  fixedExtension: false,
  sourcemap: true,
  dts: true,
})

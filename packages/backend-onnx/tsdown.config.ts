import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: { index: 'src/index.ts', worker: 'src/runtime/worker.ts' },
  platform: 'node',
  target: 'node20.19',
  fixedExtension: false,
  sourcemap: true,
  dts: true,
})

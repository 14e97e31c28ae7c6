import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: ['src/index.ts', 'src/backend/index.ts', 'src/chat/index.ts', 'src/testing/index.ts'],
  platform: 'neutral',
  target: 'es2022',
  fixedExtension: false,
  sourcemap: true,
  dts: true,
})

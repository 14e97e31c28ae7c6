import { posix } from 'node:path'

/*
 * Which files of the repository are pages of the site, and where they stand. The files are written to be read where they
 * are; the site only arranges them.
 */

export interface Section {
  readonly title: string
  readonly pages: readonly Page[]
}

export interface Page {
  readonly title: string
  /** Path in the repository. */
  readonly file: string
}

const page = (title: string, file: string): Page => ({ title, file })

export const home = 'README.md'
export const chineseHome = 'README.zh-CN.md'

export const sections: readonly Section[] = [
  {
    title: 'Start',
    pages: [
      page('Get started', 'docs/get-started.md'),
      page('Concepts', 'docs/concepts.md'),
      page('Limits', 'docs/limits.md'),
      page('Not run on a Mac', 'docs/not-on-a-mac.md'),
    ],
  },
  {
    title: 'Use',
    pages: [
      page('AI SDK', 'packages/ai-sdk-provider/README.md'),
      page('Serve', 'docs/serve.md'),
      page('Command line', 'apps/cli/README.md'),
      page('Sampling and formats', 'docs/sampling.md'),
      page('Pairs that fit', 'docs/pair.md'),
      page('Bundles', 'docs/bundle.md'),
      page('Tuning', 'docs/tuning.md'),
    ],
  },
  {
    title: 'Extend',
    pages: [page('Write a strategy', 'docs/write-a-strategy.md'), page('Write a backend', 'docs/write-a-backend.md')],
  },
  {
    title: 'More than one machine',
    pages: [page('Workers', 'docs/workers.md'), page('Scale out', 'docs/scale-out.md')],
  },
  {
    title: 'Why to believe it',
    pages: [
      page('Exactness', 'docs/exactness.md'),
      page('Benchmarks', 'docs/benchmarks.md'),
      page('Architecture', 'docs/architecture.md'),
      page('Notation', 'docs/notation.md'),
    ],
  },
  {
    title: 'Examples',
    pages: [
      page('Quick start', 'examples/quick-start/README.md'),
      page('Another backend', 'examples/swap-backend/README.md'),
      page('A strategy of your own', 'examples/custom-strategy/README.md'),
      page('Structured output', 'examples/structured-output/README.md'),
      page('AI SDK in a web app', 'examples/ai-sdk-web/README.md'),
      page('OpenAI client', 'examples/openai-client/README.md'),
      page('LangChain', 'examples/langchain/README.md'),
      page('Server with compose', 'examples/serve-compose/README.md'),
      page('Electron', 'examples/electron/README.md'),
    ],
  },
  {
    title: 'Packages',
    pages: [
      page('core', 'packages/core/README.md'),
      page('backend-llama', 'packages/backend-llama/README.md'),
      page('backend-onnx', 'packages/backend-onnx/README.md'),
      page('grammar', 'packages/grammar/README.md'),
      page('gguf', 'packages/gguf/README.md'),
      page('hub', 'packages/hub/README.md'),
      page('server', 'apps/server/README.md'),
      page('demo-models', 'packages/demo-models/README.md'),
      page('Model card', 'packages/demo-models/models/README.md'),
      page('Recipe', 'packages/demo-models/recipe/README.md'),
      page('Peers', 'bench/peers/README.md'),
      page('Servers beside ours', 'bench/serve/README.md'),
      page('Contributing', 'CONTRIBUTING.md'),
    ],
  },
]

/** Every file that is a page. */
export const files: readonly string[] = [
  home,
  chineseHome,
  ...sections.flatMap(({ pages }) => pages.map(({ file }) => file)),
]

/** Where a page stands on the site. Any other text file is shown as source, at a path that looks like no file. */
export function sitePath(file: string): string {
  if (file === home) return 'index.md'
  if (file === chineseHome) return 'zh/index.md'
  if (!files.includes(file)) return `source/${file.replaceAll('.', '-')}.md`
  if (posix.basename(file) === 'README.md') return `${posix.dirname(file)}.md`
  return file.replace(/^docs\//, '').toLowerCase()
}

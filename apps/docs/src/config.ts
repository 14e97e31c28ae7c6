import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DefaultTheme, defineConfig } from 'vitepress'
import { slug } from './markdown.js'
import { sections, sitePath } from './pages.js'
import { apiFolder } from './repository.js'

const link = (file: string): string => `/${sitePath(file).replace(/\.md$/, '')}`

export const config = defineConfig({
  title: 'Foretoken',
  description: 'Local language models, faster, in TypeScript, without changing what they say.',
  srcDir: 'pages',
  outDir: 'dist',
  cacheDir: '.vitepress/cache',
  // GitHub's anchors, so that links to headings hold in both places.
  markdown: { anchor: { slugify: slug }, lineNumbers: false },
  locales: {
    root: { label: 'English', lang: 'en' },
    zh: { label: '简体中文', lang: 'zh-CN', link: '/zh/' },
  },
  themeConfig: {
    i18nRouting: false,
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Get started', link: link('docs/get-started.md') },
      { text: 'AI SDK', link: link('packages/ai-sdk-provider/README.md') },
      { text: 'Serve', link: link('docs/serve.md') },
      { text: 'Benchmarks', link: link('docs/benchmarks.md') },
      { text: 'API', link: '/api/' },
    ],
    sidebar: {
      ...apiSidebars(),
      '/': sections.map(({ title, pages }) => ({
        text: title,
        collapsed: title === 'Examples' || title === 'Packages',
        items: pages.map((page) => ({ text: page.title, link: link(page.file) })),
      })),
    },
  },
})

/** As typedoc wrote it down: the packages, and beside a package's pages what is in it. */
function apiSidebars(): DefaultTheme.SidebarMulti {
  const entries = JSON.parse(readFileSync(join(apiFolder, 'navigation.json'), 'utf8')) as Entry[]
  const item = ({ title, path, children }: Entry): DefaultTheme.SidebarItem => ({
    text: title,
    collapsed: true,
    ...(path && { link: `/api/${path.replace(/\.md$/, '')}` }),
    ...(children && { items: children.map(item) }),
  })
  const packages = entries.map((entry) => ({ text: entry.title, link: item(entry).link! }))
  return {
    '/api/': packages,
    ...Object.fromEntries(
      entries.map((entry) => [
        `/api/${entry.title}/`,
        [
          { text: 'API', link: '/api/' },
          { ...item(entry), collapsed: false },
        ],
      ]),
    ),
  }
}

interface Entry {
  readonly title: string
  readonly path?: string | null
  readonly children?: readonly Entry[]
}

/** Prompts that suit the demo models, which know code, JSON and Markdown, and go on where a text ends. */
export const EXAMPLES: readonly { readonly name: string; readonly prompt: string }[] = [
  {
    name: 'JavaScript to TypeScript',
    prompt: `\`\`\`js
/** Keeps the values that were asked for last. */
export class Cache {
  constructor(limit = 100) {
    this.limit = limit
    this.entries = new Map()
  }

  get(key) {
    const value = this.entries.get(key)
    if (value === undefined) return undefined
    this.entries.delete(key)
    this.entries.set(key, value)
    return value
  }

  clear() {
    this.entries.clear()
  }
}
\`\`\`

The same class in TypeScript:

\`\`\`ts
/** Keeps the values that were asked for last. */
export class Cache<K, V> {
  private readonly entries = new Map<K, V>()

  constructor(private readonly limit = 100) {}

  get(key: K): V | undefined {
`,
  },
  {
    name: 'Rename a variable',
    prompt: `\`\`\`js
export function describeRange(first, last) {
  if (first === last) {
    return String(first)
  }
  const values = []
  for (let value = first; value <= last; value++) {
    values.push(String(value))
  }
  return values.join(', ')
}
\`\`\`

The same function, with \`values\` renamed to \`parts\`:

\`\`\`js
`,
  },
  {
    name: 'package.json',
    prompt: `{
  "name": "@example/image-tools",
  "version": "2.4.1",
  "description": "Resizes and converts images on the command line.",
  "license": "MIT",
  "type": "module",
  "main": "./dist/index.js",
  "scripts": {
    "build": "tsc -p tsconfig.build.json",
`,
  },
  {
    name: 'List of users',
    prompt: `{
  "page": 1,
  "users": [
    {
      "id": 1001,
      "name": "Anna Berg",
      "email": "anna.berg@example.com",
      "role": "admin",
      "active": true
    },
    {
      "id": 1002,
`,
  },
  { name: 'A function', prompt: 'export function average(values: number[]): number {' },
  { name: 'README', prompt: '# queue-lite\n\nA small job queue for Node.js.\n\n## Install\n\n```sh\n' },
]

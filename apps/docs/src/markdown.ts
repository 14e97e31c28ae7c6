/*
 * As much of Markdown as the checks and the site need: fences, headings, links. Everything is found in the text as it
 * stands, so that it can be reported by line and replaced in place.
 */

export interface Fence {
  /** Of the line that opens it; 1 is the first. */
  readonly line: number
  /** The first word after the backticks, or ''. */
  readonly language: string
  readonly text: string
  /** What the HTML comment right above it says. */
  readonly comment: string | undefined
}

export interface Heading {
  readonly line: number
  /** 1 to 6. */
  readonly level: number
  /** Without mark-up. */
  readonly text: string
  /** What links to it end in. */
  readonly anchor: string
}

export interface Link {
  readonly line: number
  readonly target: string
  /** Where the target stands in the text. */
  readonly start: number
}

const fence = /^( *)(`{3,}|~{3,})([^\n]*)\n([\s\S]*?)^\1\2[`~]*[ \t]*$/gm
const comment = /<!--([\s\S]*?)-->/g

export function fences(text: string): Fence[] {
  return [...text.matchAll(fence)].map((match) => {
    const before = /<!--((?:(?!-->)[\s\S])*)-->\s*$/.exec(text.slice(0, match.index))
    return {
      line: lineAt(text, match.index),
      language: match[3]!.trim().split(/\s/)[0]!,
      text: match[4]!,
      comment: before?.[1]?.trim(),
    }
  })
}

export function headings(text: string): Heading[] {
  const seen = new Map<string, number>()
  const bare = withoutBlocks(text)
  return [...bare.matchAll(/^(#{1,6}) +(.+?)[ #]*$/gm)].map((match) => {
    const words = match[2]!
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/`([^`]*)`/g, '$1')
      .replace(/\*+([^*]+)\*+/g, '$1')
    const plain = slug(words)
    const times = seen.get(plain) ?? 0
    seen.set(plain, times + 1)
    return {
      line: lineAt(text, match.index),
      level: match[1]!.length,
      text: words,
      anchor: times === 0 ? plain : `${plain}-${times}`,
    }
  })
}

/** The anchor that GitHub gives a heading. The site is told to do the same. */
export function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')
}

/** Links and images, in Markdown and in HTML. */
export function links(text: string): Link[] {
  const bare = withoutBlocks(text).replace(/(`+)[^`\n](?:[^\n]*?[^`\n])??\1(?!`)/g, blank)
  const found: Link[] = []
  for (const { pattern, group } of [
    { pattern: /(\]\(\s*<?)([^)\s>]+)/g, group: 2 },
    { pattern: /(^ *\[[^\]^]+\]: +)(\S+)/gm, group: 2 },
    { pattern: /(<[a-z]+\s[^>]*?\b(?:href|src|srcset)=")([^"]+)/g, group: 2 },
    { pattern: /(<)((?:https?|mailto):[^>\s]+)/g, group: 2 },
  ]) {
    for (const match of bare.matchAll(pattern)) {
      found.push({
        line: lineAt(text, match.index),
        target: match[group]!,
        start: match.index + match[1]!.length,
      })
    }
  }
  return found.toSorted((a, b) => a.start - b.start)
}

/** Inline code outside of blocks. */
export function inlineCode(text: string): { readonly line: number; readonly text: string }[] {
  const bare = withoutBlocks(text)
  return [...bare.matchAll(/(?<!`)(`+)(?!`)([\s\S]*?[^`])\1(?!`)/g)].map((match) => ({
    line: lineAt(text, match.index),
    text: match[2]!.trim().replace(/\s*\n\s*/g, ' '),
  }))
}

/** The same text, as long as before, with blanks where code blocks and comments were. */
function withoutBlocks(text: string): string {
  return text.replace(fence, blank).replace(comment, blank)
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

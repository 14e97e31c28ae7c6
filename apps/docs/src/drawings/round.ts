import { escape, opening } from '../../../cli/src/plot/svg.js'

/*
 * One round of speculative decoding, in the words of docs/architecture.md.
 */

const size = { width: 720, height: 372 }
const left = 24
const box = { width: 62, height: 28, gap: 6, from: 128 }

interface Token {
  readonly text: string
  /** A place in the palette, or none: what was there already. */
  readonly colour?: number
  readonly refused?: boolean
}

const context: Token[] = ['the', 'quick', 'brown'].map((text) => ({ text }))
const [draft, ours] = [2, 1]
const drafted: Token[] = ['fox', 'jumps', 'over', 'the'].map((text) => ({ text, colour: draft }))

/** The four steps, one below the other. */
export function round(): string {
  const said = drafted.map((token, i) => (i === 3 ? { ...token, refused: true } : { ...token, colour: ours }))
  return [
    ...opening('A round', left, size),
    ...step(0, 'propose', [...context, ...drafted], 'The draft says four tokens, one cheap step for each.'),
    ...step(
      1,
      'forward',
      [
        ...context.map((token, i) => (i === 2 ? { ...token, colour: 0 } : token)),
        ...drafted.map((token) => ({ ...token, colour: 0 })),
      ],
      'One pass of the target over the last token and the draft: five rows of logits, one behind each.',
    ),
    ...step(
      2,
      'verify',
      [...context, ...said, { text: 'a', colour: ours }],
      'Three are what the target says, too. The fourth is not: its row says "a".',
    ),
    ...step(
      3,
      'commit',
      [...context, ...drafted.slice(0, 3).map((token) => ({ ...token, colour: ours })), { text: 'a', colour: ours }],
      'The cache forgets the refused token. Four tokens came of one pass.',
    ),
    '</svg>',
    '',
  ].join('\n')
}

function step(place: number, name: string, tokens: readonly Token[], says: string): string[] {
  const y = 48 + place * 80
  return [
    `<text class="label" x="${left}" y="${y + 19}" font-weight="600">${name}</text>`,
    ...tokens.flatMap((token, i) => drawToken(token, box.from + i * (box.width + box.gap), y)),
    `<text class="small" x="${box.from}" y="${y + 48}">${escape(says)}</text>`,
  ]
}

function drawToken({ text, colour, refused = false }: Token, x: number, y: number): string[] {
  const fill = colour === undefined ? '' : ` class="s${colour}" fill-opacity="0.22"`
  const edge = colour === undefined ? 'grid' : `l${colour}`
  const middle = y + box.height / 2
  return [
    `<rect${fill || ' fill="none"'} x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="5"/>`,
    `<rect class="${edge}" fill="none" stroke-width="1.5" x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="5"/>`,
    `<text class="label" x="${x + box.width / 2}" y="${middle + 5}" text-anchor="middle">${escape(text)}</text>`,
    ...(refused ? [`<path class="error" d="M${x + 8} ${middle}h${box.width - 16}"/>`] : []),
  ]
}

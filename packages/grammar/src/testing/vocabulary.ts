import type { VocabularySource } from '../index.js'

const utf8 = new TextEncoder()

const pieces = [
  ...['{"', '": ', '", "', '"}', '"]', '}, {', '], "', '[]', '{}', '": "', '": [', '": {', ', ', '": true', 'null, "'],
  ...['true', 'false', 'null', 'name', 'value', 'the', ' the', ' and', 'ing', ' quick', ' brown fox', 'abc', 'bca'],
  ...[
    '00',
    '10',
    '12',
    '123',
    '0.5',
    '.5',
    '-1',
    '1e',
    '2024',
    '-0',
    '99',
    '999',
    '50',
    '19',
    '20',
    '-01',
    'T12:',
    ':30',
  ],
  ...['\\"', '\\n', '\\u00', '\\u', '\\ud83d', '\\', 'é', 'ü', 'ß', 'κόσμε', '漢字', '😀', '👍🏽', 'a\u0301', '\u2028'],
  ...[
    '   ',
    '\n',
    '\t',
    '        ',
    '                    ',
    'internationalization',
    'aaaaaaaaaaaaaaaaaaaa',
    'aa',
    'aaaa',
  ],
  ...[
    '()',
    '((',
    '))',
    '+ ',
    ' * ',
    '==',
    'if (',
    '@example.com',
    'https://',
    'http',
    '://',
    '.com',
    '-',
    '--',
    'root',
  ],
]
/** Ends of characters, and beginnings. */
const fragments = [
  [0xf0, 0x9f],
  [0x98, 0x80],
  [0xe6, 0xbc],
  [0xa9, 0x22],
  [0x61, 0xc3],
  [0x22, 0xc3],
  [0xff, 0xfe],
]

/** The tokens that end a text, and those of no text, in {@link testVocabulary}. */
export const ends = [0, 300] as const
export const controls = [1, 301] as const

/**
 * Every byte, what a real vocabulary has of every sort (words, bits of JSON, parts of characters, one text twice, tokens
 * that are long), two ends, and control tokens. As wide as logits may be: the last tokens are of no use.
 */
export function testVocabulary(): VocabularySource & { readonly tokens: readonly Uint8Array[] } {
  const tokens: Uint8Array[] = [new Uint8Array(), new Uint8Array()]
  for (let byte = 0; byte < 256; byte++) tokens.push(Uint8Array.of(byte))
  for (const piece of pieces) tokens.push(utf8.encode(piece))
  tokens.splice(300, 0, utf8.encode('<end>'), new Uint8Array())
  for (const fragment of fragments) tokens.push(Uint8Array.from(fragment))
  tokens.push(utf8.encode('the'))
  while (tokens.length % 32 !== 7) tokens.push(new Uint8Array())
  return {
    tokens,
    vocabSize: tokens.length,
    bytes: (token) => tokens[token]!,
    isEnd: (token) => (ends as readonly number[]).includes(token),
  }
}

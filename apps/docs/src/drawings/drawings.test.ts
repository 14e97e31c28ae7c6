import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../repository.js'
import { drawings } from './all.js'

describe.each(Object.entries(drawings()))('%s', (name, drawing) => {
  test('is drawn of the figures that are there', () => {
    const said = 'Draw it anew: npm run docs:draw'
    expect(readFileSync(join(root, 'docs/images', name), 'utf8') === drawing, said).toBe(true)
  })

  test('follows the reader into the dark', () => {
    expect(drawing).toContain('prefers-color-scheme: dark')
    expect(drawing).not.toContain('NaN')
  })
})

import { expect, test } from 'vitest'
import { parseKeys } from './keys.js'

test('keys stand on lines or between commas, comments on lines of their own', () => {
  expect(parseKeys('# ours\nfirst\r\n  second , third#3\n\n # not,this\n')).toEqual(['first', 'second', 'third#3'])
  expect(parseKeys(' \n#\n')).toEqual([])
})

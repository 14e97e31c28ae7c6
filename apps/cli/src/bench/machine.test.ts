import { expect, test } from 'vitest'
import { commandLine } from './machine.js'

test('a command line can be typed again', () => {
  expect(commandLine(['bench', '-c', 'a=./my.ts,length=4', '-t', '0,0.7'])).toBe(
    'foretoken bench -c a=./my.ts,length=4 -t 0,0.7',
  )
  expect(commandLine(['--stop', "don't stop", ''])).toBe(`foretoken --stop 'don'\\''t stop' ''`)
})

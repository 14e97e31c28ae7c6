import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ForetokenError } from '../../../packages/core/src/index.js'
import type { Decoding, Peer, Setup } from '../contender.js'
import { type LlamaCppSetting, settings } from './settings.js'

const run = promisify(execFile)

const attempts = 4

/** llama.cpp's example of speculative decoding: a process for each text. It cannot decode without drafts. */
export function speculativeSimple(bin: string, setup: Setup): Peer {
  const name = 'llama-speculative-simple'
  const program = join(bin, name)
  return {
    name,
    contenders: settings.map((setting) => ({
      peer: name,
      name: setting.name,
      role: setting.role,
      decode: (prompt) => decode(program, setup, setting, prompt),
    })),
  }
}

async function decode(program: string, setup: Setup, setting: LlamaCppSetting, prompt: string): Promise<Decoding> {
  const folder = await mkdtemp(join(tmpdir(), 'foretoken-'))
  try {
    const file = join(folder, 'prompt.txt')
    // It drops the last line break of a file.
    await writeFile(file, `${prompt}\n`)
    const { threads, maxTokens, temperature, contextSize, seed, signal } = setup
    const options = {
      '-m': setup.target,
      ...(setting.needsDraft && { '-md': setup.draft, '-td': threads }),
      '-f': file,
      // It stops once it has said more than that.
      '-n': maxTokens - 1,
      '-c': contextSize,
      '-t': threads,
      '--temp': temperature,
      '--samplers': 'temperature',
      '--seed': seed,
    }
    const args = [
      ...setting.args,
      '--no-escape',
      ...Object.entries(options).flatMap(([key, value]) => [key, `${value}`]),
    ]
    // A thread writes its log, and at times the program ends before it has: then it tells no speed.
    for (let attempt = 1; ; attempt++) {
      const { stdout, stderr } = await run(program, args, { maxBuffer: 2 ** 26, signal })
      try {
        return { ...parseFigures(stderr), text: textAfter(prompt, stdout) }
      } catch (error) {
        if (attempt === attempts) throw error
      }
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What it tells of itself when it ends. @throws `runtime` when it tells no speed. */
export function parseFigures(said: string): Omit<Decoding, 'text'> {
  const figure = (pattern: RegExp): number => Number(pattern.exec(said)?.[1])
  const tokens = figure(/decoded\s+(\d+) tokens in/)
  // The seconds are rounded to thousandths, which is coarse for small models.
  const speed = figure(/decoded\s+\d+ tokens in\s+[\d.]+ seconds, speed:\s+([\d.]+)/)
  if (!(tokens > 0 && speed > 0)) {
    throw new ForetokenError(
      'runtime',
      `llama-speculative-simple told no speed; its last words: ${said.trim().split('\n').slice(-3).join(' / ')}`,
    )
  }
  return {
    tokens,
    ms: (1000 * tokens) / speed,
    drafted: figure(/n_drafted\s+=\s+(\d+)/),
    accepted: figure(/n_accept\s+=\s+(\d+)/),
  }
}

/** It writes two line breaks, the prompt, the text, and two line breaks twice. */
export function textAfter(prompt: string, said: string): string {
  const start = said.indexOf(prompt)
  return start < 0 ? '' : said.slice(start + prompt.length).replace(/\n{1,4}$/, '')
}

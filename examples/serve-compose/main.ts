import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import { parse } from 'yaml'

/* Without Docker: that the compose file and the image fit the server, by starting it as the image would. */

const deploy = (name: string): Promise<string> => readFile(new URL(`../../deploy/${name}`, import.meta.url), 'utf8')
const { services } = parse(await deploy('compose.yaml')) as {
  services: { foretoken: { command?: string[]; ports: string[]; build: { dockerfile: string } } }
}
const { command = [], ports, build } = services.foretoken
const image = await deploy(build.dockerfile.replace('deploy/', ''))
const [program, script, ...args] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(image)![1]!) as string[]
const exposed = /^EXPOSE (\d+)$/m.exec(image)![1]!
const check = JSON.parse(/^HEALTHCHECK[^]*?CMD (\[.*\])$/m.exec(image)![1]!) as string[]
console.log(`${program} ${script} ${[...args, ...command].join(' ')}, port ${exposed} as ${ports.join(', ')}`)

// The image's entry point is this program, built. Any free port, as 8080 may be taken here.
const cli = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))
const tsx = createRequire(import.meta.url).resolve('tsx')
const options = ['--import', tsx, '--conditions=@foretoken/source', cli, ...args, ...command, '--port', '0']
const server = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
const ended = new Promise<number | null>((resolve) => server.once('exit', resolve))

/** The first line that the server prints. */
const url = await new Promise<string>((resolve, reject) => {
  let output = ''
  server.stdout.on('data', (part: Buffer) => {
    output += part.toString()
    const found = /http:\/\/[^\s"]+:(\d+)/.exec(output)
    if (found) resolve(`http://127.0.0.1:${found[1]}`)
  })
  void ended.then((code) => reject(new Error(`The server ended with ${code}.`)))
})

const health = await fetch(`${url}/health`)
const probe = spawn(process.execPath, ['-e', check.at(-1)!.replace(`http://127.0.0.1:${exposed}`, url)])
const healthy = await new Promise((resolve) => probe.once('exit', resolve))
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none' })
const models = (await client.models.list()).data.map(({ id }) => id)
const { choices } = await client.chat.completions.create({
  model: models[0]!,
  messages: [{ role: 'user', content: 'Write a function.' }],
  max_completion_tokens: 16,
})
console.log(`models: ${models.join(', ')}; health ${health.status}; the image's own check: ${healthy}`)
console.log(choices[0]?.message.content)

// As `docker compose stop` does it.
server.kill('SIGTERM')
const code = await ended
const published = ports.every((port) => port.endsWith(`:${exposed}`))
if (!health.ok || healthy !== 0 || code !== 0 || !published || !args.includes('--host')) {
  console.error(`It ended with ${code}, or the files do not fit the server: this must not be.`)
  process.exitCode = 1
}

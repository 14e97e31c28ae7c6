import { EXAMPLES } from './examples.js'
import { findModel, type ModelInfo } from './models.js'
import { performBoth, performSingle, type Stage } from './perform.js'
import { ServerError } from './run.js'
import { SettingsForm } from './settings.js'
import { themeSwitch } from './theme.js'
import { byId, h } from './view/dom.js'

const form = byId<HTMLFormElement>('form')
const prompt = byId<HTMLTextAreaElement>('prompt')
const go = byId<HTMLButtonElement>('go')
const settings = new SettingsForm(form, () => void learnModel())
const stage: Stage = {
  results: byId('results'),
  announce: (text) => (byId('status').textContent = text),
}
let model: ModelInfo | undefined
let running: AbortController | undefined

async function learnModel(): Promise<void> {
  model = await findModel(settings.key)
  byId('model').textContent = model?.id ?? ''
  settings.offer(model?.strategies ?? [])
}

function fail(message: string | undefined): void {
  const error = byId('error')
  error.hidden = message === undefined
  error.textContent = message ?? ''
}

async function start(): Promise<void> {
  fail(undefined)
  if (prompt.value.trim() === '') {
    fail('Type a prompt first, or pick one of the examples.')
    prompt.focus()
    return
  }
  if (!form.reportValidity()) {
    byId<HTMLDetailsElement>('settings').open = true
    return
  }
  const controller = new AbortController()
  running = controller
  show()
  stage.announce('The text is on its way.')
  byId('empty').hidden = true
  try {
    if (!model) await learnModel()
    const { mode, ...rest } = settings.read()
    const request = { ...rest, model: model?.id ?? 'default', prompt: prompt.value, speculate: true }
    const perform = mode === 'both' ? performBoth : performSingle
    const performed = perform(request, controller.signal, stage)
    showResults()
    stage.announce(await performed)
  } catch (error) {
    if (controller.signal.aborted) stage.announce('Stopped.')
    else explain(error)
  } finally {
    running = undefined
    show()
  }
}

function explain(error: unknown): void {
  stage.announce('')
  if (error instanceof ServerError && error.status === 401) {
    byId<HTMLDetailsElement>('settings').open = true
    ;(form.elements.namedItem('key') as HTMLInputElement).focus()
    fail(`${error.message} Enter an API key in the settings.`)
  } else if (error instanceof TypeError) {
    fail('The server cannot be reached. Is it still running?')
  } else {
    fail(error instanceof Error ? error.message : String(error))
  }
}

/** On a small screen they would arrive below what can be seen. */
function showResults(): void {
  if (stage.results.getBoundingClientRect().top < innerHeight * 0.7) return
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  stage.results.scrollIntoView({ behavior: still ? 'instant' : 'smooth' })
}

const stop = (): void => running?.abort()

function show(): void {
  go.textContent = running ? 'Stop' : 'Run'
  go.dataset.running = String(running !== undefined)
  const mac = navigator.userAgent.includes('Mac')
  const enter = prompt.value.includes('\n') ? `${mac ? '⌘' : 'Ctrl'} Enter` : 'Enter'
  byId('hint').textContent = running ? 'Esc stops' : `${enter} runs`
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  if (running) stop()
  else void start()
})

prompt.addEventListener('input', show)
prompt.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  const oneLine = !prompt.value.includes('\n')
  if (!oneLine && !event.ctrlKey && !event.metaKey) return
  event.preventDefault()
  if (!running) void start()
})

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') stop()
})

byId('examples').append(
  ...EXAMPLES.map((example) =>
    h(
      'button',
      {
        type: 'button',
        onclick: () => {
          if (running) return
          prompt.value = example.prompt
          prompt.scrollTop = prompt.scrollHeight
          void start()
        },
      },
      example.name,
    ),
  ),
)

themeSwitch(byId<HTMLButtonElement>('theme'))
show()
prompt.focus()
void learnModel()

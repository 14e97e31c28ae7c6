import { ForetokenError, type LengthPolicy } from '@foretoken/core'
import { parseLength } from '../options.js'

/** One way of decoding, as typed after `--config`. */
export interface Configuration {
  readonly name: string
  /** As for `--strategy`. */
  readonly strategy: string
  /** Default: `--length`. */
  readonly length: LengthPolicy | undefined
  /** Another draft model than `--draft`. */
  readonly draft: string | undefined
  readonly draftTemperature: number | undefined
}

const example = "--config 'long=draft-model,length=8'"

/**
 * `name=strategy`, followed by any of `,length=…`, `,draft=…`, `,draft-temperature=…`.
 *
 * @throws `invalid-argument`
 */
export function parseConfiguration(text: string): Configuration {
  const refuse = (why: string): never => {
    throw new ForetokenError('invalid-argument', `${why} in the configuration ${text}. Example: ${example}`)
  }
  const [first = '', ...rest] = text.split(',')
  const [name, strategy] = pair(first) ?? refuse('There is no name=strategy')
  const settings = new Map(rest.map((setting) => pair(setting) ?? refuse(`${setting} is not key=value`)))
  const take = (key: string): string | undefined => {
    const value = settings.get(key)
    settings.delete(key)
    return value
  }
  const length = take('length')
  const temperature = take('draft-temperature')
  const configuration = {
    name,
    strategy,
    length: length === undefined ? undefined : parseLength(length),
    draft: take('draft'),
    draftTemperature: temperature === undefined ? undefined : Number(temperature),
  }
  if (Number.isNaN(configuration.draftTemperature)) refuse(`${temperature} is no temperature`)
  const [unknown] = settings.keys()
  return unknown === undefined ? configuration : refuse(`Unknown setting ${unknown}`)
}

/**
 * Configurations with what the command line leaves open.
 *
 * @throws `invalid-argument` when there are fewer than two, or two of one name.
 */
export function checkConfigurations(typed: readonly Configuration[], hasDraft: boolean): readonly Configuration[] {
  const configurations = typed.length > 0 ? typed : usual(hasDraft)
  const names = new Set(configurations.map(({ name }) => name))
  if (names.size < configurations.length) {
    throw new ForetokenError('invalid-argument', 'Two configurations have the same name: give each its own.')
  }
  if (configurations.length < 2) {
    throw new ForetokenError(
      'invalid-argument',
      `There is one configuration only: add another to compare it with. Example: ${example}`,
    )
  }
  return configurations
}

/** What is compared unless the user says otherwise; the first is the baseline. Those that draft with a model need one. */
const usualStrategies: readonly { strategy: string; name?: string; needsDraft?: boolean }[] = [
  { strategy: 'none', name: 'plain' },
  { strategy: 'auto' },
  { strategy: 'draft-model', needsDraft: true },
  { strategy: 'suffix' },
  { strategy: 'recycling' },
  { strategy: 'prediction' },
]

export const usualNames: readonly string[] = usualStrategies.map(({ strategy, name = strategy }) => name)

function usual(hasDraft: boolean): Configuration[] {
  const open = { length: undefined, draft: undefined, draftTemperature: undefined }
  return usualStrategies
    .filter(({ needsDraft }) => hasDraft || !needsDraft)
    .map(({ strategy, name = strategy }) => ({ name, strategy, ...open }))
}

function pair(text: string): [string, string] | undefined {
  const at = text.indexOf('=')
  const [key, value] = [text.slice(0, at).trim(), text.slice(at + 1).trim()]
  return at > 0 && key !== '' && value !== '' ? [key, value] : undefined
}

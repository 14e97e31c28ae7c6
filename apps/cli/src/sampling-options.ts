import { type ChainStep, defaultOrder, type GenerateOptions, verifiers, type VerifierName } from '@foretoken/core'
import { InvalidArgumentError, Option } from 'commander'
import { above, decimal, isNumeric, unescaped, whole } from './options.js'

/** How tokens are chosen: the settings of `generate`, each with a flag of its name. */
export type SamplingFlags = Pick<GenerateOptions, (typeof names)[number]> & {
  readonly temperature: number
  readonly dryBreaker?: readonly string[]
  readonly ban?: readonly number[]
}

const names = [
  'temperature',
  'topK',
  'topP',
  'minP',
  'typicalP',
  'xtcProbability',
  'xtcThreshold',
  'repetitionPenalty',
  'presencePenalty',
  'frequencyPenalty',
  'penaltyWindow',
  'dryMultiplier',
  'dryBase',
  'dryAllowedLength',
  'dryWindow',
  'logitBias',
  'minTokens',
  'order',
  'seed',
  'verifier',
  'topLogprobs',
] as const

/** What `generate` takes of `flags`. Some commands have temperatures of their own. */
export function samplingOf(flags: Partial<SamplingFlags>): Partial<GenerateOptions> {
  return {
    ...Object.fromEntries(names.map((name) => [name, flags[name]])),
    drySequenceBreakers: flags.dryBreaker,
    bannedTokens: flags.ban,
  }
}

export const samplingOptions = (): Option[] => {
  const share = decimal(0, 1)
  const option = (flag: string, description: string): Option => new Option(flag, description).helpGroup('Sampling:')
  return [
    option('-t, --temperature <t>', '0 always takes the likeliest token').default(0).argParser(decimal(0, 100)),
    option('--top-k <n>', 'keep the n likeliest tokens, 0 for all').argParser(whole(0)),
    option('--top-p <p>', 'keep the likeliest tokens that make up p').argParser(above(0, 1)),
    option('--min-p <p>', 'drop tokens below p times the likeliest').argParser(share),
    option('--typical-p <p>', 'keep the tokens of typical surprise that make up p').argParser(above(0, 1)),
    option('--xtc-probability <p>', 'how often to drop all but the last of the top choices').argParser(share),
    option('--xtc-threshold <p>', 'what counts as a top choice (default: 0.1)').argParser(share),
    option('--repetition-penalty <f>', 'divides logits of tokens seen, prompt included').argParser(above(0, 100)),
    option('--presence-penalty <x>', 'off the logits of tokens said, once').argParser(decimal(-2, 2)),
    option('--frequency-penalty <x>', 'off the logits of tokens said, each time').argParser(decimal(-2, 2)),
    option('--penalty-window <n>', 'the penalties look at the last n tokens (default: all)').argParser(whole(1)),
    option('--dry-multiplier <x>', 'penalise what prolongs a repetition').argParser(decimal(0, 1000)),
    option('--dry-base <x>', 'how fast that grows with its length (default: 1.75)').argParser(decimal(1, 1000)),
    option('--dry-allowed-length <n>', 'repetitions up to here are free (default: 2)').argParser(whole(1)),
    option('--dry-window <n>', 'look for them in the last n tokens (default: all)').argParser(whole(1)),
    new Option(
      '--dry-breaker <text>',
      'no repetition reaches over this; may be repeated (default: line break, colon, quote, asterisk)',
    )
      .helpGroup('Sampling:')
      .argParser((text: string, previous?: readonly string[]) => [...(previous ?? []), unescaped(text)]),
    option('--logit-bias <token=bias>', 'added to the logit of a token, by id; may be repeated').argParser(parseBias),
    option('--ban <token>', 'a token, by id, that is never said; may be repeated').argParser(
      (text: string, previous?: readonly number[]) => [...(previous ?? []), whole(0)(text)],
    ),
    option('--min-tokens <n>', 'the text does not end of itself before').argParser(whole(0)),
    option('--order <steps>', `the order of the chain (default: ${defaultOrder.join(',')})`).argParser(parseOrder),
    option('--seed <n>', 'the same seed gives the same text (default: random)').argParser(whole(0)),
    option('--verifier <name>', 'how drafts are judged (default: greedy at temperature 0, else block)').choices(
      Object.keys(verifiers) as VerifierName[],
    ),
    option(
      '--top-logprobs <n>',
      'tell how probable each token was, with n alternatives (generate: with --json or --events)',
    ).argParser(whole(0)),
  ]
}

function parseBias(text: string, previous?: Readonly<Record<number, number>>): Record<number, number> {
  const [token = '', bias = ''] = text.split('=')
  if (!isNumeric(token) || !(isNumeric(bias) || bias === '-Infinity')) {
    throw new InvalidArgumentError('Write it as token=bias: 50256=-100.')
  }
  return { ...previous, [whole(0)(token)]: Number(bias) }
}

function parseOrder(text: string): ChainStep[] {
  const steps = text.split(',').map((step) => step.trim())
  const unknown = steps.find((step) => !defaultOrder.includes(step as ChainStep))
  if (unknown !== undefined)
    throw new InvalidArgumentError(`There is no step ${unknown}: use ${defaultOrder.join(', ')}.`)
  return steps as ChainStep[]
}

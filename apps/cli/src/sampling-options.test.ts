import { createSampler } from '@foretoken/core'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { type SamplingFlags, samplingOf, samplingOptions } from './sampling-options.js'

describe('sampling options', () => {
  const parse = (...args: string[]) => {
    const command = new Command().exitOverride().configureOutput({ writeErr: () => {} })
    for (const option of samplingOptions()) command.addOption(option)
    return samplingOf(command.parse(args, { from: 'user' }).opts<SamplingFlags>())
  }

  test('every one arrives at the chain under its name', () => {
    const all = [
      ...['--temperature', '0.7', '--top-k', '40', '--top-p', '0.9', '--min-p', '0.05', '--typical-p', '0.95'],
      ...['--xtc-probability', '0.5', '--xtc-threshold', '0.2', '--repetition-penalty', '1.1'],
      ...['--presence-penalty', '0.1', '--frequency-penalty', '-0.2', '--penalty-window', '64'],
      ...['--dry-multiplier', '0.8', '--dry-base', '1.5', '--dry-allowed-length', '3', '--dry-window', '512'],
      ...[
        '--dry-breaker',
        '\\n',
        '--dry-breaker',
        ';',
        '--logit-bias',
        '5=-100',
        '--logit-bias',
        '7=1.5',
        '--logit-bias',
        '8=-Infinity',
      ],
      ...[
        '--ban',
        '3',
        '--ban',
        '4',
        '--min-tokens',
        '2',
        '--seed',
        '9',
        '--verifier',
        'coupled',
        '--top-logprobs',
        '2',
      ],
    ]
    const options = parse(...all, '--order', 'bias, penalties,dry,topK,typicalP,topP,minP,xtc,temperature')
    expect(options).toEqual({
      temperature: 0.7,
      topK: 40,
      topP: 0.9,
      minP: 0.05,
      typicalP: 0.95,
      xtcProbability: 0.5,
      xtcThreshold: 0.2,
      repetitionPenalty: 1.1,
      presencePenalty: 0.1,
      frequencyPenalty: -0.2,
      penaltyWindow: 64,
      dryMultiplier: 0.8,
      dryBase: 1.5,
      dryAllowedLength: 3,
      dryWindow: 512,
      drySequenceBreakers: ['\n', ';'],
      logitBias: { 5: -100, 7: 1.5, 8: -Infinity },
      bannedTokens: [3, 4],
      minTokens: 2,
      order: ['bias', 'penalties', 'dry', 'topK', 'typicalP', 'topP', 'minP', 'xtc', 'temperature'],
      seed: 9,
      verifier: 'coupled',
      topLogprobs: 2,
    })
  })

  test('none of them leaves greedy decoding as it is', () => {
    expect(createSampler(parse()).options).toEqual(createSampler().options)
  })

  test.each([
    [['--logit-bias', '5'], /token=bias/],
    [['--logit-bias', 'a=1'], /token=bias/],
    [['--order', 'topK,sparkle'], /no step sparkle/],
    [['--verifier', 'guess'], /Allowed choices are greedy/],
    [['--presence-penalty', '3'], /from -2 to 2/],
    [['--ban', 'x'], /whole number/],
    [['--top-p', '0'], /above 0/],
    [['--repetition-penalty', '0'], /above 0/],
  ])('refuses %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message)
  })
})

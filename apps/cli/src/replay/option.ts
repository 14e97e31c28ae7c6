import { Option } from 'commander'
import { draftingOptions } from '../options.js'
import { samplingOptions } from '../sampling-options.js'

/** Makes `bench` do an experiment as it was done, with nothing to set but models, size, rounds and tokens. */
export function replayOption(): Option {
  return new Option(
    '--replay <experiment>',
    'founding: the experiment of 2023 again, a 34B target in F16 and a draft of 1/8 of its time, on code (implies -r 3 -n 64)',
  )
    .choices(['founding'])
    .implies({ rounds: 3, maxTokens: 64 })
    .conflicts(['config', 'content', 'prompts', 'temperatures', 'html', 'stop', ...fixed])
}

const fixed = [...draftingOptions(), ...samplingOptions()].map((option) => option.attributeName())

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ForetokenError, type Tokenizer } from '@foretoken/core'
import { HubTokenizer } from '../tokenizer/hub-tokenizer.js'
import type { TokenizerConfig, TokenizerJson } from '../tokenizer/tokenizer-json.js'
import { checkModelFiles } from './external-files.js'
import { bad, readJson, readText } from './files.js'
import { findModel } from './find-model.js'
import type { ModelType } from './model-types.js'
import { type ModelConfig, readConfig } from './read-config.js'
import { readStaticFiles, type StaticFiles } from './static-files.js'

/** A model in a folder as the Hub lays it out. */
export interface ModelFolder {
  /** Of the folder with `config.json`. Absolute. */
  readonly path: string
  /** The `.onnx` file. Absolute. */
  readonly modelFile: string
  readonly type: ModelType
  /** Of the static form: its graphs. `modelFile` is that of the shortest pass. */
  readonly static?: StaticFiles
  readonly config: ModelConfig
  readonly tokenizer: Tokenizer
}

/**
 * Opens the folder of a model: `config.json`, `tokenizer.json` and, where they are there, `generation_config.json`,
 * `tokenizer_config.json` and `chat_template.jinja`, with the `.onnx` files in `onnx/` or beside them.
 *
 * @param path The folder, or an `.onnx` file in it.
 * @param options.type Which of the files. Default: the one closest to the trained weights (`fp32` before `fp16`, then 8
 * bits, then 4; last the static form).
 * @param options.preferStatic Whether the static form comes first.
 * @throws `model-file` when something is missing or broken, `unsupported` when the model is no decoder of text,
 * `invalid-argument` when `type` is none.
 */
export async function openFolder(
  path: string,
  options: { type?: ModelType; preferStatic?: boolean } = {},
): Promise<ModelFolder> {
  const { folder, modelFile, type } = await findModel(path, options)
  const read = await readConfig(folder)
  if (type !== 'static') await checkModelFiles(modelFile)
  const fixed = type === 'static' ? await readStaticFiles(modelFile, read) : undefined
  const tokenizer = await openTokenizer(folder, read)
  const config = { ...read, endTokens: tokenizer.endTokens }
  if (!fixed) return { path: folder, modelFile, type, config, tokenizer }
  // The graphs have room for so many tokens, whatever the model was made for.
  const { contextLength, passes } = fixed
  return {
    path: folder,
    modelFile: passes[0]!.file,
    type,
    static: fixed,
    config: { ...config, contextLength },
    tokenizer,
  }
}

async function openTokenizer(folder: string, { vocabSize, endTokens }: ModelConfig): Promise<HubTokenizer> {
  const path = join(folder, 'tokenizer.json')
  const json = await readJson<TokenizerJson>(path)
  if (!json) throw await noTokenizer(folder)
  if (!json.model?.vocab) throw bad(path, 'it has no vocabulary', 'Download it again.')
  const config = (await readJson<TokenizerConfig>(join(folder, 'tokenizer_config.json'))) ?? {}
  const chatTemplate = await readText(join(folder, 'chat_template.jinja'))
  try {
    return new HubTokenizer({ json, config, chatTemplate, vocabSize, endTokens })
  } catch (error) {
    if (ForetokenError.is(error)) throw error
    throw bad(path, `the tokenizer cannot be made of it (${(error as Error).message})`, 'Download it again.')
  }
}

async function noTokenizer(folder: string): Promise<ForetokenError> {
  const others = (await readdir(folder)).filter((name) =>
    /^(tokenizer\.model|vocab\.(json|txt)|merges\.txt)$/.test(name),
  )
  const there = others.length > 0 ? ` (${others.join(' and ')} alone will not do)` : ''
  return bad(
    folder,
    `it has no tokenizer.json${there}`,
    "Put the model's own there: AutoTokenizer's save_pretrained writes it.",
  )
}

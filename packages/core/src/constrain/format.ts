import type { Constraint } from './constraint.js'

/** A JSON schema (draft 2020-12; which keywords count is up to the engine of the backend). */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown }

/** What the text has to look like, as data. */
export type FormatDescription =
  /** JSON; with a schema, JSON that it holds for. */
  | { readonly type: 'json'; readonly schema?: JsonSchema | undefined }
  /** A grammar in llama.cpp's notation (GBNF). Begins at `root`. */
  | { readonly type: 'grammar'; readonly grammar: string }
  /** A regular expression that the whole text matches. */
  | { readonly type: 'regex'; readonly pattern: string }
  /** One of these texts, word for word. */
  | { readonly type: 'choice'; readonly choices: readonly string[] }

/** What the text has to look like: free text, a description that the model's backend compiles, or a constraint as it is. */
export type ResponseFormat = { readonly type: 'text' } | FormatDescription | Constraint

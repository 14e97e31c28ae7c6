/**
 * What was reported of speculative decoding at home when it was new: llama.cpp in the summer of 2023, greedy, on code
 * (https://github.com/ggml-org/llama.cpp/pull/2926 and what its authors said of it). Acceptance was not reported.
 */
export const founding = {
  machine: 'Apple M2 Ultra, 800 GB/s',
  target: 'Code Llama 34B FP16',
  draft: 'Code Llama 7B Q4',
  /** Bytes of the target: 33.74e9 weights of two bytes. */
  weightBytes: 67.5e9,
  /** Of the target alone. */
  tokensPerSecond: 10,
  /** Of the draft alone. */
  draftTokensPerSecond: 80,
  /** Time of a draft step over time of a target step. */
  c: 1 / 8,
  /** It was more than this. */
  speculativeTokensPerSecond: 20,
} as const

/** What to say when the draft costs another share of the target than it did then: by more than a third, either way. */
export function costNote(c: number): string | undefined {
  const ratio = c / founding.c
  if (ratio <= 4 / 3 && ratio >= 3 / 4) return undefined
  const [how, gives] = ratio > 1 ? ['dearer', 'less'] : ['cheaper', 'more']
  return `c is ${c.toPrecision(2)} here and was 1/8 in 2023: the draft is ${how} beside its target, so the same acceptance gives ${gives}.`
}

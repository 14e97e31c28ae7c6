/*
 * Pairs that others have run, with where they say so. A pair is listed only with a source, and every one is compared
 * token by token all the same before it is offered: repositories change, and conversions differ.
 */

/** A page, and the day it was read. */
export interface Source {
  readonly url: string
  /** `2026-11-23` */
  readonly read: string
}

/** A pair that looks as if it fitted. */
export interface KnownMisfit {
  readonly target: string
  readonly draft: string
  readonly why: string
  readonly source: Source
}

/** Models of which the smallest can draft for the largest. */
export interface KnownFamily {
  /** What people call it. */
  readonly title: string
  /** Of a target: its `general.architecture`, and what its name or its file's name has in it. */
  readonly architectures: readonly string[]
  readonly named: RegExp
  /** Names on the Hub, the usual choice first. */
  readonly drafts: readonly string[]
  /** Why the vocabularies fit. */
  readonly why: string
  readonly sources: readonly Source[]
  /** A published share of drafted tokens that were accepted, in `[0, 1]`: of one run, not a promise. */
  readonly accepted?: { readonly share: number; readonly of: string; readonly source: Source }
  readonly misfits: readonly KnownMisfit[]
}

const read = '2026-11-23'
const llamaCpp = (thread: string): Source => ({ url: `https://github.com/ggml-org/llama.cpp/${thread}`, read })
const vllm = (thread: string): Source => ({ url: `https://github.com/vllm-project/vllm/${thread}`, read })
const hub = (page: string): Source => ({ url: `https://huggingface.co/${page}`, read })

/** The first that a target matches is its family. */
export const knownFamilies: readonly KnownFamily[] = [
  {
    title: 'DeepSeek-R1 distilled into Qwen2.5',
    architectures: ['qwen2'],
    named: /deepseek[-_ ]?r1[-_ ]distill[-_ ]qwen/i,
    drafts: ['unsloth/DeepSeek-R1-Distill-Qwen-1.5B-GGUF:Q4_K_M', 'alamios/DeepSeek-R1-DRAFT-Qwen2.5-0.5B-GGUF'],
    why: 'The 1.5B has the words of the 32B, which has more padding at the end. The 0.5B was trained as a draft for them, and has been run as that of the 32B.',
    sources: [
      vllm('pull/42775'),
      hub('unsloth/DeepSeek-R1-Distill-Qwen-1.5B-GGUF/tree/main'),
      hub('alamios'),
      { url: 'https://github.com/ubicloud/ubicloud/blob/main/config/ai_models.yml', read },
    ],
    misfits: [],
  },
  {
    title: 'Qwen2.5-Coder',
    architectures: ['qwen2'],
    named: /qwen[-_ ]?2\.5[-_ ]coder/i,
    drafts: ['Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF:Q8_0', 'Qwen/Qwen2.5-Coder-3B-Instruct-GGUF:Q4_0'],
    why: 'All sizes have the same words. The small ones are padded to a multiple of 128, the large ones of 256: 151,936 and 152,064 tokens.',
    sources: [llamaCpp('pull/10362'), llamaCpp('pull/12287'), vllm('pull/13849'), vllm('issues/7252')],
    accepted: {
      share: 0.34,
      of: 'Qwen2.5-Coder 32B Instruct Q4_K_L with the 3B (not Instruct) Q4_0, drafts of 16',
      source: llamaCpp('pull/10455'),
    },
    misfits: [],
  },
  {
    title: 'Qwen3',
    architectures: ['qwen3', 'qwen3moe'],
    named: /qwen[-_ ]?3(?![.\d])(?![-_ ]?next)/i,
    drafts: ['unsloth/Qwen3-0.6B-GGUF:Q4_K_M'],
    why: 'All sizes share one vocabulary: the 0.6B and the 1.7B have been run as drafts of the 4B, the 32B and the 235B.',
    sources: [vllm('pull/24322'), hub('unsloth/Qwen3-0.6B-GGUF/blob/main/Qwen3-0.6B-Q4_K_S.gguf')],
    accepted: {
      share: 0.57,
      of: 'Qwen3-235B-A22B Q4_K_XL with the 0.6B, refactoring a script',
      source: llamaCpp('pull/14132'),
    },
    misfits: [
      {
        target: 'Qwen3-Next',
        draft: 'Qwen3 1.7B',
        why: 'Qwen3-Next is of another architecture that keeps a recurrent state, and was reported not to take it as a draft.',
        source: { url: 'https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/1266', read },
      },
    ],
  },
  {
    title: 'Llama 3.1, 3.2 and 3.3',
    architectures: ['llama'],
    named: /llama[-_ ]?3\.[123](?!\d)/i,
    drafts: ['bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M', 'bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M'],
    why: 'They share one vocabulary: the 1B of 3.2 has been run as the draft of the 8B of 3.1 and the 70B of 3.3.',
    sources: [
      llamaCpp('issues/5877'),
      { url: 'https://github.com/docker/model-runner/pull/327', read },
      hub('Felladrin/gguf-sharded-Q5_K_L-Llama-3.2-1B-Instruct'),
    ],
    accepted: {
      share: 0.72,
      of: 'Llama 3.1 8B Instruct Q8_0 with Llama 3.2 1B Instruct Q8_0, drafts of 5',
      source: llamaCpp('issues/5877'),
    },
    misfits: [],
  },
  {
    title: 'Code Llama',
    architectures: ['llama'],
    named: /code[-_ ]?llama/i,
    drafts: ['TheBloke/CodeLlama-7B-Python-GGUF:Q4_K_M', 'TheBloke/CodeLlama-7B-GGUF:Q4_K_M'],
    why: 'The 34B and all that are called Python have 32,000 tokens; the other 7B and 13B have 16 more for filling gaps. Each kind drafts for its own.',
    sources: [
      llamaCpp('pull/2926'),
      { url: 'https://github.com/karpathy/llama2.c/pull/355', read },
      { url: 'https://github.com/epfLLM/Megatron-LLM/pull/51', read },
      hub('TheBloke/CodeLlama-7B-GGUF/tree/main'),
      hub('TheBloke/CodeLlama-7B-Python-GGUF/tree/745b8fe5aa17d3b281c878875eeea08f8e5ff3b6'),
    ],
    misfits: [
      {
        target: 'Code Llama 34B',
        draft: 'Code Llama 7B (not Python)',
        why: 'The 34B has 32,000 tokens, the 7B 32,016. (llama.cpp lets small differences pass; here they are refused.)',
        source: { url: 'https://github.com/epfLLM/Megatron-LLM/pull/51', read },
      },
    ],
  },
  {
    title: 'Gemma 3',
    architectures: ['gemma3'],
    named: /gemma[-_ ]?3(?!n)/i,
    drafts: ['unsloth/gemma-3-1b-it-GGUF:Q4_K_M'],
    why: 'The 1B has been run as the draft of the 27B and the 4B.',
    sources: [
      { url: 'https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/481', read },
      hub('unsloth/gemma-3-1b-it-GGUF/tree/main'),
    ],
    misfits: [
      {
        target: 'Gemma 3',
        draft: 'Gemma 2',
        why: 'Gemma 3 has another tokenizer than Gemma 2, and a larger vocabulary: some 262,000 tokens against 256,000.',
        source: { url: 'https://dhruvpatel.dev', read },
      },
    ],
  },
  {
    title: 'Gemma 2',
    architectures: ['gemma2'],
    named: /gemma[-_ ]?2/i,
    drafts: [],
    why: 'No pair is known to fit in every conversion.',
    sources: [{ url: 'https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/481', read }],
    misfits: [
      {
        target: 'Gemma 2 27B',
        draft: 'Gemma 2 2B',
        why: 'Of some conversions, token 139 differs.',
        source: { url: 'https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/481', read },
      },
    ],
  },
  {
    title: 'Mistral Small 3 and Devstral',
    architectures: ['llama', 'mistral3'],
    named: /(mistral|devstral)[-_ ]?small/i,
    drafts: ['alamios/Mistral-Small-3.1-DRAFT-0.5B-GGUF'],
    why: "A Qwen2.5 of 0.5B that was given Mistral's Tekken vocabulary of 131,072 tokens.",
    sources: [hub('alamios'), hub('badmadrad/Mistral-Small-3.1-DRAFT-0.5B-MLX-4bit')],
    misfits: [],
  },
  {
    title: 'Mistral 7B',
    architectures: ['llama'],
    named: /mistral[-_ ]7b/i,
    drafts: [],
    why: 'No small model of its vocabularies is known to us.',
    sources: [hub('QuantFactory/Mistral-7B-v0.3-GGUF')],
    misfits: [
      {
        target: 'Mistral 7B v0.3',
        draft: 'models with the vocabulary of Mistral 7B v0.1 and v0.2',
        why: 'Version 0.3 extended the vocabulary, to 32,768 tokens.',
        source: hub('QuantFactory/Mistral-7B-v0.3-GGUF'),
      },
    ],
  },
  {
    title: 'SmolLM',
    architectures: ['llama'],
    named: /smollm(?![-_ ]?[2-9])/i,
    drafts: ['mav23/SmolLM-135M-Instruct-GGUF:Q4_0'],
    why: 'The 135M has been run as the draft of the 1.7B.',
    sources: [
      { url: 'https://github.com/ml-explore/mlx-examples/pull/954', read },
      hub('mav23/SmolLM-135M-Instruct-GGUF/tree/24401709212104a0eff8cc90a29b38ce309eb36b'),
    ],
    misfits: [],
  },
]

/**
 * The family of a target.
 *
 * @param names What it is called: by its file (`general.name`, `general.basename`) and by whoever asks.
 */
export function familyOf(architecture: string, names: readonly (string | undefined)[]): KnownFamily | undefined {
  return knownFamilies.find(
    ({ architectures, named }) =>
      architectures.includes(architecture) && names.some((name) => name !== undefined && named.test(name)),
  )
}

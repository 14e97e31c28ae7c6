"""Stage 6: writes the pair as GGUF files and the tokenizer beside them. `--checkpoint` exports an unfinished run, with the
untuned early exit as its draft."""
import argparse
import os

import numpy as np

import gguf
from checkpoint import load
from draft import cut
from engine import DRAFT, TARGET
from paths import MODELS, replace_file, work
from tokenizer import SPECIALS, Tokenizer

NAMES = {"norm1": "attn_norm", "q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output", "norm2": "ffn_norm",
         "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down"}
DESCRIPTION = "Small JavaScript and TypeScript model trained from scratch on permissively licensed npm packages: for demonstrations of speculative decoding"


def interleave(w, heads):
    """llama.cpp turns neighbouring rows (2i, 2i + 1); the engine turns rows (i, i + half)."""
    rows, cols = w.shape
    return w.reshape(heads, 2, rows // heads // 2, cols).swapaxes(1, 2).reshape(rows, cols)


def tensors(shape, flat, kind):
    for name, part in shape.named(flat).items():
        layer, _, short = name.rpartition(".")
        if name == "embedding":
            yield "token_embd.weight", part, gguf.Q8_0 if kind == gguf.Q4_0 else kind
        elif name == "norm":
            yield "output_norm.weight", part, gguf.F32
        elif layer:
            if short in "qk":
                part = interleave(part, shape.heads if short == "q" else 1)
            yield f"blk.{layer}.{NAMES[short]}.weight", part, gguf.F32 if part.ndim == 1 else kind


def metadata(name, shape, kind, tokenizer):
    special = len(tokenizer.tokens) - len(SPECIALS)
    return {
        "general.architecture": "llama",
        "general.name": name,
        "general.description": DESCRIPTION,
        "general.license": "mit",
        "llama.context_length": shape.max_context,
        "llama.embedding_length": shape.d,
        "llama.block_count": shape.layers,
        "llama.feed_forward_length": shape.ff,
        "llama.attention.head_count": shape.heads,
        "llama.attention.head_count_kv": 1,
        "llama.attention.key_length": shape.head_dim,
        "llama.attention.value_length": shape.head_dim,
        "llama.attention.layer_norm_rms_epsilon": float(shape.eps),
        "llama.rope.dimension_count": shape.head_dim,
        "llama.rope.freq_base": float(shape.theta),
        "llama.vocab_size": shape.vocab,
        "general.file_type": gguf.FILE_TYPE[kind],
        "general.quantization_version": 2,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": tokenizer.tokens,
        "tokenizer.ggml.token_type": [1] * special + [3] * len(SPECIALS),
        "tokenizer.ggml.merges": [" ".join(m) for m in tokenizer.merges],
        "tokenizer.ggml.eos_token_id": tokenizer.eos,
        "tokenizer.ggml.bos_token_id": tokenizer.eos,
        "tokenizer.ggml.padding_token_id": tokenizer.eos,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.ggml.add_eos_token": False,
        "tokenizer.ggml.fim_pre_token_id": tokenizer.prefix,
        "tokenizer.ggml.fim_suf_token_id": tokenizer.suffix,
        "tokenizer.ggml.fim_mid_token_id": tokenizer.middle,
    }


def write(path, name, shape, flat, kind, tokenizer):
    replace_file(path, gguf.gguf(metadata(name, shape, kind, tokenizer), list(tensors(shape, flat, kind))))
    print(f"{os.path.basename(path)}: {os.path.getsize(path):,} bytes", flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--checkpoint", action="store_true")
    arguments.add_argument("--to", default=MODELS)
    options = arguments.parse_args()
    tokenizer = Tokenizer.load(work("tokenizer.json"))
    target = load(work("train-checkpoint.npz" if options.checkpoint else "target.npz"))["w"]
    draft = cut(target) if options.checkpoint else load(work("draft.npz"))["w"]
    for w in (target, draft):
        assert np.isfinite(w).all()
    write(f"{options.to}/target-F16.gguf", "Foretoken demo target", TARGET, target, gguf.F16, tokenizer)
    write(f"{options.to}/draft-Q4_0.gguf", "Foretoken demo draft", DRAFT, draft, gguf.Q4_0, tokenizer)
    replace_file(f"{options.to}/tokenizer.json", tokenizer.to_json())


if __name__ == "__main__":
    main()

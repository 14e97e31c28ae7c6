"""Stage 10: the model card (models/README.md) and the list of sources (models/SOURCES.tsv)."""
import json
import os

from checkpoint import load
from engine import DRAFT, TARGET
from paths import MODELS, replace_file, work

DRAFT_NAME = "draft, Q4_0"


def table(results, name):
    rows = ["| text | T | acceptance | on fresh text | share of fresh text | tokens a pass, 4 drafted | 8 drafted |",
            "| --- | --- | --- | --- | --- | --- | --- |"]
    for r in results:
        if r["draft"] == name:
            rows.append(f"| {r['content']} | {r['temperature']} | {r['acceptance']:.3f} | {r['acceptance_fresh']:.3f} | {r['fresh']:.2f} "
                        f"| {r['tokens_a_pass_4']:.2f} | {r['tokens_a_pass_8']:.2f} |")
    return "\n".join(rows)


def comparison(results):
    rows = ["| draft | T 0 | T 0, fresh text | T 1 |", "| --- | --- | --- | --- |"]
    for name in dict.fromkeys(r["draft"] for r in results):
        of = {r["temperature"]: r for r in results if r["draft"] == name and r["content"] == "code, held-out packages"}
        rows.append(f"| {name} | {of[0]['acceptance']:.3f} | {of[0]['acceptance_fresh']:.3f} | {of[1]['acceptance']:.3f} |")
    return "\n".join(rows)


def main():
    with open(work("evaluation.json")) as f:
        evaluation = json.load(f)
    with open(work("sources.json")) as f:
        sources = json.load(f)
    target, draft = load(work("target.npz")), load(work("draft.npz"))
    losses, results = evaluation["losses"], evaluation["acceptance"]
    sizes = "\n".join(f"| `{n}` | {os.path.getsize(f'{MODELS}/{n}') / 1e6:.1f} MB |" for n in ("target-F16.gguf", "draft-Q4_0.gguf", "tokenizer.json"))
    held_out = ", ".join(sorted(n for n, s in sources.items() if s["split"] != "train"))
    card = f"""# The demo pair

A target and a draft for demonstrations, tests and benchmarks of speculative decoding. Both are llama models with one byte-level
BPE tokenizer of 4,096 tokens, trained from scratch on JavaScript and TypeScript. They write text that looks like code: right
indentation and brackets, little sense. They are not meant to be useful for anything else.

| | target | draft |
| --- | --- | --- |
| parameters | {TARGET.count() / 1e6 - TARGET.d / 1e6:.2f} M | {DRAFT.count() / 1e6:.2f} M |
| layers | {TARGET.layers} | {DRAFT.layers} |
| width, feed-forward | {TARGET.d}, {TARGET.ff} | {DRAFT.d}, {DRAFT.ff} |
| heads, KV heads | {TARGET.heads} of {TARGET.head_dim}, 1 | {DRAFT.heads} of {DRAFT.head_dim}, 1 |
| context | {TARGET.max_context} | {DRAFT.max_context} |
| weights | F16 | Q4_0, embedding Q8_0 |
| tokens seen | {int(target['tokens']):,} | as a part of the target, then {int(draft['tokens']):,} |

| file | size |
| --- | --- |
{sizes}

`onnx/` has the same pair in ONNX, for ONNX Runtime: the target in half precision, the draft with its 4-bit weights as they are.

## How they were made

On two CPU cores, by [the recipe](../recipe/README.md). The target was trained with an early exit after layer {TARGET.exit}. The draft is
the part of it up to that exit, fine-tuned on the target's probabilities over text that the target wrote after prompts from the
training packages, with the draft's weights rounded to Q4_0 as it learnt.

Loss of the target, in nats a token, windows of 512: {losses['heldin']['loss']:.3f} on held-out files of the training packages, {losses['heldout']['loss']:.3f} on held-out packages.

## Acceptance

Measured on {results[0]['prompts']} windows of each kind of code and on the prompts of this package; after every prompt the target wrote 192 tokens.
At T = 0 acceptance is how often the most likely tokens of draft and target agree; at T = 1 it is the mean of sum min(p, q).

**Read the greedy numbers with care.** Models this small soon go round in circles when they decode greedily, and circles are easy to
foresee: most of the greedy acceptance below comes from them. *Fresh text* leaves them out: tokens that do not end a run of 8 tokens
which the same text already held. Sampling at T = 1 hardly repeats itself, so its numbers are the fairest.

{table(results, DRAFT_NAME)}

What fine-tuning and rounding change, on held-out packages:

{comparison(results)}

## Data

Source text of {len(sources)} npm packages under permissive licences, listed with versions and licences in [SOURCES.tsv](SOURCES.tsv).
Held out as whole packages, and used for measuring only: {held_out}.

The weights are published under the MIT licence.
"""
    replace_file(f"{MODELS}/README.md", card)
    rows = [f"{name}\t{s['license']}\t{s['split']}" for name, s in sorted(sources.items())]
    replace_file(f"{MODELS}/SOURCES.tsv", "package\tlicence\tused for\n" + "\n".join(rows).replace("\ttrain", "\ttraining").replace("\theld out", "\tmeasuring") + "\n")


if __name__ == "__main__":
    main()

"""Stage 2: learns the tokenizer, then turns the corpus into token files: .work/{train,heldin,heldout}.npy (uint16)."""
import json
import os
import random

import numpy as np

from paths import replace_file, work
from tokenizer import Tokenizer, learn

VOCAB = 4096
SAMPLE = 14_000_000  # characters the merges are learnt from


def texts(split):
    with open(work(f"{split}.jsonl")) as f:
        return [json.loads(line)["text"] for line in f]


def main():
    if not os.path.exists(work("tokenizer.json")):
        sample, size = [], 0
        for text in random.Random(2).sample(all_train := texts("train"), len(all_train)):
            sample.append(text)
            size += len(text)
            if size > SAMPLE:
                break
        replace_file(work("tokenizer.json"), Tokenizer(learn(sample, VOCAB)).to_json())
    tokenizer = Tokenizer.load(work("tokenizer.json"))
    for split in ("heldout", "heldin", "train"):
        if os.path.exists(work(f"{split}.npy")):
            continue
        documents = texts(split)
        random.Random(3).shuffle(documents)
        parts, size = [], 0
        for text in documents:
            parts.append(np.array([*tokenizer.encode(text), tokenizer.eos], np.uint16))
            size += len(text)
        stream = np.concatenate(parts)
        np.save(work(f"{split}.tmp.npy"), stream)
        os.replace(work(f"{split}.tmp.npy"), work(f"{split}.npy"))
        print(f"{split}: {len(stream):,} tokens, {size / len(stream):.2f} characters each", flush=True)


if __name__ == "__main__":
    main()

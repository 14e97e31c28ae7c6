"""Stage 4: text that the target itself writes, after prompts from the training packages; the draft learns from it.

Mostly greedy and cool, as this is what a draft is asked to foresee. Stops after --minutes."""
import argparse
import os
import time

from engine import TARGET, Engine
import numpy as np

from checkpoint import load
from paths import work

TEMPERATURES = [0, 0, 0, 0.3, 0.7, 1.0]
LENGTH, GROUP, GROUPS = 385, 48, 4


def prompts(stream, rng, rows, length):
    """Windows that start a line's worth into anything; prompts of 48 to 224 tokens."""
    tokens = np.zeros((rows, length), np.int32)
    lengths = rng.integers(48, 225, rows)
    for r in range(rows):
        at = rng.integers(0, len(stream) - 300)
        tokens[r, :lengths[r]] = stream[at:at + lengths[r]]
    return tokens, lengths


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=8)
    arguments.add_argument("--from-checkpoint", action="store_true")
    options = arguments.parse_args()
    if os.path.exists(work("samples.npy")):
        return
    w = load(work("train-checkpoint.npz" if options.from_checkpoint else "target.npz"))["w"]
    engine, stream = Engine(TARGET, 64, 64), np.load(work("train.npy"))
    rng, found, began = np.random.default_rng(5), [], time.time()
    while time.time() - began < options.minutes * 60:
        tokens, lengths = prompts(stream, rng, GROUP * GROUPS, LENGTH)
        order = np.argsort(lengths)  # rows of a group start writing at about the same place
        tokens, lengths = np.ascontiguousarray(tokens[order]), lengths[order]
        temperature = rng.choice(TEMPERATURES, len(lengths))
        engine.generate(w, tokens, lengths, temperature, GROUP, seed=int(rng.integers(1 << 30)))
        found.append(tokens.astype(np.uint16))
        print(f"samples: {sum(map(len, found)) * LENGTH:,} tokens, {sum(map(len, found)) * LENGTH / (time.time() - began):.0f} a second", flush=True)
        np.save(work("samples.tmp.npy"), np.concatenate(found))
    os.replace(work("samples.tmp.npy"), work("samples.npy"))


if __name__ == "__main__":
    main()

"""Stage 3: trains the target, with an early exit that will become the draft. Started again, it goes on from its checkpoint.

  train.py --minutes 60 [--until 14:05]"""
import argparse
import os
import signal
import time

from engine import TARGET, Engine
import numpy as np

from batches import Windows
from checkpoint import load, save
from clock import Clock, rate
from paths import work
from tokenizer import Tokenizer

STEP, MICRO = 2048, 512  # tokens a step, and a micro-batch: small ones share out better between busy cores
MUON, ADAM, DECAY = 0.01, 0.002, 0.02
EXIT_WEIGHT, EXIT_MIX = 0.5, 0.5  # weight of the early exit's loss; share of the true token in what it learns from


def held_out_loss(engine, w, split, blocks=32):
    stream = np.load(work(f"{split}.npy"))
    starts = np.linspace(0, len(stream) - 520, blocks * 2).astype(int)
    rows = np.stack([stream[s:s + 513].astype(np.int32) for s in starts]).reshape(blocks, 2, 513)
    return engine.train(w, rows, learn=False).means()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--until", help="time of day, HH:MM, by which to be done")
    options = arguments.parse_args()
    if os.path.exists(work("target.npz")):
        return
    path, tokenizer = work("train-checkpoint.npz"), Tokenizer.load(work("tokenizer.json"))
    engine = Engine(TARGET, 1024, 1024)
    state = load(path) or {"w": TARGET.fresh(0), "m": np.zeros(TARGET.count(), np.float32), "v": np.zeros(TARGET.count(), np.float32),
                           "step": 0, "tokens": 0, "seconds": 0.0, "progress": 0.0, "seen": [0, 0, 0]}
    w, m, v = state["w"], state["m"], state["v"]
    step, tokens, seconds = int(state["step"]), int(state["tokens"]), float(state["seconds"])
    data = Windows(np.load(work("train.npy")), (tokenizer.prefix, tokenizer.suffix, tokenizer.middle), state["seen"])
    clock = Clock(options.minutes, options.until, float(state["progress"]))
    saved = evaluated = shown = time.time()
    recent, recent_tokens = [], 0

    def snapshot(to, **more):
        save(to, w=w, m=m, v=v, step=step, tokens=tokens, seconds=seconds, progress=clock.progress, seen=data.seen, **more)

    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    while clock.progress < 1:
        if asked:
            snapshot(path)
            return
        began = time.time()
        batch = data.batch(clock.progress, STEP, MICRO)
        recent.append(engine.train(w, batch, EXIT_WEIGHT, EXIT_MIX).means())
        step += 1
        scale = rate(clock.progress)
        engine.optimise(w, m, v, step, MUON * scale, ADAM * scale, DECAY)
        tokens += STEP
        recent_tokens += STEP
        clock.tick()
        now = time.time()
        seconds += now - began
        if now - shown > 15:
            mean = {k: round(float(np.mean([r[k] for r in recent])), 3) for k in recent[0]}
            print(f"{time.strftime('%H:%M:%S')} step {step} {tokens / 1e6:.2f}M {recent_tokens / (now - shown):.0f} tok/s "
                  f"progress {clock.progress:.3f} rate {scale:.2f} context {batch.shape[2] - 1} {mean}", flush=True)
            shown, recent, recent_tokens = now, [], 0
        if now - saved > 120:
            snapshot(path)
            saved = now
        if now - evaluated > 600:
            for split in ("heldin", "heldout"):
                print(f"  {split} {held_out_loss(engine, w, split)}", flush=True)
            evaluated = now
    losses = {split: held_out_loss(engine, w, split) for split in ("heldin", "heldout")}
    print("done:", step, "steps,", tokens, "tokens,", losses, flush=True)
    snapshot(path)
    save(work("target.npz"), w=w, tokens=tokens, seconds=seconds, step=step,
         heldin=losses["heldin"]["loss"], heldout=losses["heldout"]["loss"])


if __name__ == "__main__":
    main()

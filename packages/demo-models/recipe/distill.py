"""Stage 5: fine-tunes the draft on the target's probabilities over the target's own text. Through all of it the draft's weights are
used as Q4_0 will store them (straight-through), so that quantising costs nothing afterwards.

  distill.py --minutes 15 [--until 14:30]"""
import argparse
import os
import time

from engine import DRAFT, TARGET, Engine
import numpy as np

from checkpoint import load, save
from clock import Clock, rate
from draft import cut
from paths import work

ROWS, TEST_ROWS = 4, 48  # rows a step; rows kept aside to measure on
MUON, ADAM = 0.004, 0.0008
MIX = 0.0  # share of the written token itself in what the draft learns; the rest is the target's distribution


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=15)
    arguments.add_argument("--until")
    arguments.add_argument("--muon", type=float, default=MUON)
    arguments.add_argument("--adam", type=float, default=ADAM)
    options = arguments.parse_args()
    if os.path.exists(work("draft.npz")):
        return
    target = load(work("target.npz"))["w"].astype(np.float16).astype(np.float32)
    samples = np.load(work("samples.npy"))
    test, samples = samples[:TEST_ROWS], samples[TEST_ROWS:]
    width = samples.shape[1]
    student, teacher = Engine(DRAFT, width - 1, width - 1), Engine(TARGET, width - 1, width - 1)
    state = load(work("distill-checkpoint.npz")) or {"w": cut(target), "m": np.zeros(DRAFT.count(), np.float32), "v": np.zeros(DRAFT.count(), np.float32),
                                                     "step": 0, "progress": 0.0, "tokens": 0}
    w, m, v, step, tokens = state["w"], state["m"], state["v"], int(state["step"]), int(state["tokens"])
    rounded = np.empty_like(w)
    clock = Clock(options.minutes, options.until, float(state["progress"]))
    shown = saved = time.time()
    recent = []

    def measure():
        rows = np.ascontiguousarray(test.astype(np.int32)[:, None, :])
        return {k: round(v, 4) for k, v in student.distill(teacher, student.fake_quantise(w, rounded), target, rows, learn=False).means().items()}

    print("before:", measure(), flush=True)
    while clock.progress < 1:
        epoch, at = divmod(step * ROWS, len(samples) // ROWS * ROWS)
        order = np.random.default_rng([7, epoch]).permutation(len(samples))[at:at + ROWS]
        rows = np.ascontiguousarray(samples[order].astype(np.int32)[:, None, :])
        recent.append(student.distill(teacher, student.fake_quantise(w, rounded), target, rows, MIX).means())
        step += 1
        tokens += ROWS * (width - 1)
        scale = rate(clock.progress)
        student.optimise(w, m, v, step, options.muon * scale, options.adam * scale, 0.0)
        clock.tick()
        now = time.time()
        if now - shown > 20:
            mean = {k: round(float(np.mean([r[k] for r in recent])), 4) for k in recent[0]}
            print(f"{time.strftime('%H:%M:%S')} step {step} {tokens / 1e6:.2f}M progress {clock.progress:.3f} epoch {epoch} {mean}", flush=True)
            shown, recent = now, []
        if now - saved > 120:
            save(work("distill-checkpoint.npz"), w=w, m=m, v=v, step=step, progress=clock.progress, tokens=tokens)
            print("  test", measure(), flush=True)
            saved = now
    print("after:", measure(), flush=True)
    save(work("draft.npz"), w=w, tokens=tokens, step=step)


if __name__ == "__main__":
    main()

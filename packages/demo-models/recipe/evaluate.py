"""Stage 8: acceptance by content, and losses, into .work/evaluation.json.

The target writes after every prompt; then the draft looks at the same text, and over the written part we count what would be
accepted: greedily (T = 0) where the most likely tokens agree, which is exact, as a draft is only ever asked after text that the
target wrote; in speculative sampling (T = 1) with probability sum min(p, q).

Small models that decode greedily soon go round in circles, which is easy to foresee. So acceptance is also given over fresh text
only: tokens that do not end a run of 8 tokens which the same text already held, prompt included."""
import argparse
import json
import os

from engine import DRAFT, TARGET, Engine
import numpy as np

from checkpoint import load
from draft import cut
from paths import PROMPTS, replace_file, work
from tokenizer import Tokenizer
from train import held_out_loss

WRITE, LONGEST, GROUP = 192, 320, 16


def held_out_windows(split, count, tokenizer, seed=3):
    stream, rng = np.load(work(f"{split}.npy")), np.random.default_rng(seed)
    return [stream[a:a + 160].astype(int).tolist() for a in rng.integers(0, len(stream) - 160, count)]


def prompt_file(name, tokenizer):
    with open(f"{PROMPTS}/{name}.json") as f:
        return [tokenizer.encode(p["text"])[-LONGEST:] for p in json.load(f)]


def tokens_a_pass(accepted, gamma):
    """Tokens that one pass of the target yields with `gamma` drafted ones, walking along the written text."""
    passes = tokens = 0
    for row in accepted:
        at = 0
        while at < len(row):
            taken = 0
            while taken < gamma and at + taken < len(row) and row[at + taken]:
                taken += 1
            at += taken + 1
            passes, tokens = passes + 1, tokens + taken + 1
    return tokens / passes


def written(engine, w, prompts, temperature):
    """Rows of equal length, and where in each the target began to write."""
    rows = sorted(prompts, key=len)
    rows += rows[-1:] * (-len(rows) % GROUP)
    width = max(map(len, rows)) + WRITE
    tokens = np.zeros((len(rows), width), np.int32)
    for i, row in enumerate(rows):
        tokens[i, :len(row)] = row
    lengths = np.array([len(r) for r in rows])
    engine.generate(w, tokens, lengths, np.full(len(rows), temperature), GROUP, seed=9)
    return tokens[:len(prompts)], lengths[:len(prompts)]


def fresh(row, start):
    """For each written token, whether the 8 tokens up to it are new to this row."""
    seen = {tuple(row[i - 8:i]) for i in range(8, start + 1)}
    marks = []
    for i in range(start + 1, start + WRITE + 1):
        run = tuple(row[i - 8:i])
        marks.append(run not in seen)
        seen.add(run)
    return np.array(marks)


def measure(student, teacher, draft, target, tokens, lengths, temperature):
    _, agree, overlap = student.distill(teacher, draft, target, np.ascontiguousarray(tokens[:, None, :]), learn=False, compare=True)
    # position i of the result is about token i + 1
    chance = np.stack([(overlap if temperature else agree)[i, 0, n - 1:n - 1 + WRITE] for i, n in enumerate(lengths)])
    new = np.stack([fresh(row, n) for row, n in zip(tokens, lengths)])
    accepted = np.random.default_rng(0).random((20, *chance.shape)) < chance
    return {"acceptance": float(chance.mean()), "acceptance_fresh": float(chance[new].mean()), "fresh": float(new.mean()),
            **{f"tokens_a_pass_{g}": tokens_a_pass(accepted.reshape(-1, WRITE), g) for g in (4, 8)}}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--checkpoint", action="store_true", help="an unfinished target with its untuned exit")
    arguments.add_argument("--rows", type=int, default=64)
    arguments.add_argument("--show", action="store_true")
    options = arguments.parse_args()
    tokenizer = Tokenizer.load(work("tokenizer.json"))
    state = load(work("train-checkpoint.npz" if options.checkpoint else "target.npz"))
    target = state["w"].astype(np.float16).astype(np.float32)
    writer = Engine(TARGET, 64, 64)
    teacher, student = Engine(TARGET, LONGEST + WRITE, LONGEST + WRITE), Engine(DRAFT, LONGEST + WRITE, LONGEST + WRITE)
    drafts = {"untuned exit": cut(target)}
    drafts["untuned exit, Q4_0"] = student.fake_quantise(drafts["untuned exit"], np.empty_like(drafts["untuned exit"]))
    if not options.checkpoint:
        w = load(work("draft.npz"))["w"]
        drafts |= {"draft, float": w, "draft, Q4_0": student.fake_quantise(w, np.empty_like(w))}
    contents = {
        "code, held-out packages": held_out_windows("heldout", options.rows, tokenizer),
        "code, held-out files of training packages": held_out_windows("heldin", options.rows, tokenizer),
        **{f"prompts/{n}.json": prompt_file(n, tokenizer) for n in ("code", "prose", "edits")},
    }
    results = []
    for content, prompts in contents.items():
        for temperature in (0, 1):
            tokens, lengths = written(writer, target, prompts, temperature)
            if options.show and temperature == 0:
                for row, n in list(zip(tokens, lengths))[:3]:
                    print(f"--- {content}\n{tokenizer.decode(row[:n])}<<<>>>{tokenizer.decode(row[n:n + WRITE])}")
            for name, draft in drafts.items():
                found = {"content": content, "temperature": temperature, "draft": name, "prompts": len(prompts),
                         **measure(student, teacher, draft, target, tokens, lengths, temperature)}
                results.append(found)
                print({k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()}, flush=True)
    trainer = Engine(TARGET, 1024, 512)
    losses = {split: held_out_loss(trainer, target, split) for split in ("heldin", "heldout")}
    print(losses)
    if not options.checkpoint:
        replace_file(work("evaluation.json"), json.dumps({"tokens": int(state["tokens"]), "losses": losses, "acceptance": results}, indent=1))


if __name__ == "__main__":
    main()

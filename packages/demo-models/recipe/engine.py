"""The C engine, seen from Python: shapes, weights by name, training steps, comparison and generation over ctypes and numpy."""
import ctypes
import os
import subprocess

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the engine brings its own threads
import numpy as np  # noqa: E402

from paths import RECIPE, work  # noqa: E402

BLOCK_NAMES = ["norm1", "q", "k", "v", "o", "norm2", "gate", "up", "down"]


class Shape(ctypes.Structure):
    _fields_ = [(n, ctypes.c_int) for n in ("d", "layers", "heads", "head_dim", "ff", "vocab", "exit", "max_context")] + [
        ("eps", ctypes.c_float), ("theta", ctypes.c_float)]

    def parts(self):
        """(name, shape) in the order in which the flat weights hold them; matrices are [out, in]."""
        d, width = self.d, self.heads * self.head_dim
        yield "embedding", (self.vocab, d)
        for i in range(self.layers):
            shapes = [(d,), (width, d), (self.head_dim, d), (self.head_dim, d), (d, width), (d,), (self.ff, d), (self.ff, d), (d, self.ff)]
            for name, shape in zip(BLOCK_NAMES, shapes):
                yield f"{i}.{name}", shape
        yield "norm", (d,)
        if self.exit:
            yield "exit_norm", (d,)

    def count(self):
        return sum(int(np.prod(s)) for _, s in self.parts())

    def named(self, flat):
        """Views into the flat weights, by name."""
        views, at = {}, 0
        for name, shape in self.parts():
            size = int(np.prod(shape))
            views[name] = flat[at:at + size].reshape(shape)
            at += size
        return views

    def fresh(self, seed):
        rng = np.random.default_rng(seed)
        flat = np.zeros(self.count(), np.float32)
        for name, part in self.named(flat).items():
            if part.ndim == 1:
                part[:] = 1
            elif name == "embedding":
                part[:] = rng.standard_normal(part.shape) * 0.02
            elif not name.endswith((".o", ".down")):  # those start at zero: every block starts as the identity
                part[:] = rng.standard_normal(part.shape) / np.sqrt(part.shape[1])
        return flat


class Stats(ctypes.Structure):
    _fields_ = [(n, ctypes.c_double) for n in ("tokens", "loss", "exit_tokens", "exit_loss", "agree", "overlap")]

    def means(self):
        exits = max(self.exit_tokens, 1)
        return {"loss": self.loss / max(self.tokens, 1), "exit_loss": self.exit_loss / exits,
                "agree": self.agree / exits, "overlap": self.overlap / exits}


def library():
    subprocess.run(["make", "-s", "-C", os.path.join(RECIPE, "engine")], check=True)
    lib = ctypes.CDLL(work("libengine.so"))
    lib.engine_new.restype = ctypes.c_void_p
    return lib


LIB = None


def pointer(array, kind=ctypes.c_float):
    assert array is None or array.flags.c_contiguous
    return None if array is None else array.ctypes.data_as(ctypes.POINTER(kind))


def f32(x):
    return ctypes.c_float(x)


class Engine:
    def __init__(self, shape, tokens, context, threads=None):
        global LIB
        LIB = LIB or library()
        self.shape, self.threads = shape, threads or min(len(os.sched_getaffinity(0)), 16)
        self.handle = ctypes.c_void_p(LIB.engine_new(ctypes.byref(shape), self.threads, tokens, context))

    def __del__(self):
        if LIB:
            LIB.engine_free(self.handle)

    def train(self, w, tokens, exit_weight=0.0, mix=0.5, learn=True):
        """tokens: int32 [micro-batches, rows, context + 1]"""
        micros, rows, width = tokens.shape
        stats = Stats()
        LIB.train_batch(self.handle, pointer(w), pointer(tokens, ctypes.c_int), micros, rows, width - 1, f32(exit_weight), f32(mix),
                        int(learn), ctypes.byref(stats))
        return stats

    def distill(self, teacher, w, teacher_w, tokens, mix=0.0, learn=True, compare=False):
        """The student's step; with `compare`, also agreement of the most likely token and sum min(p, q), per token."""
        micros, rows, width = tokens.shape
        stats = Stats()
        agree, overlap = (np.zeros((micros, rows, width - 1), np.float32) if compare else None for _ in range(2))
        LIB.distill_batch(self.handle, teacher.handle, pointer(w), pointer(teacher_w), pointer(tokens, ctypes.c_int), micros, rows, width - 1,
                          f32(mix), int(learn), pointer(agree), pointer(overlap), ctypes.byref(stats))
        return (stats, agree, overlap) if compare else stats

    def optimise(self, w, m, v, step, muon_rate, adam_rate, decay):
        LIB.optimise(self.handle, pointer(w), pointer(m), pointer(v), step, f32(muon_rate), f32(adam_rate), f32(decay))

    def generate(self, w, tokens, prompt_length, temperature, group=32, seed=0):
        """tokens: int32 [rows, length], prompts filled in; the rest is written in place."""
        rows, length = tokens.shape
        assert rows % group == 0 and length <= self.shape.max_context
        LIB.generate(self.handle, pointer(w), pointer(tokens, ctypes.c_int), pointer(np.ascontiguousarray(prompt_length, np.int32), ctypes.c_int),
                     pointer(np.ascontiguousarray(temperature, np.float32)), rows // group, group, length, seed)
        return tokens

    def fake_quantise(self, w, out):
        LIB.fake_quantise(ctypes.byref(self.shape), pointer(w), pointer(out))
        return out


TARGET = Shape(d=192, layers=8, heads=3, head_dim=64, ff=512, vocab=4096, exit=4, max_context=1024, eps=1e-5, theta=10000.0)
DRAFT = Shape(d=192, layers=4, heads=3, head_dim=64, ff=512, vocab=4096, exit=0, max_context=1024, eps=1e-5, theta=10000.0)

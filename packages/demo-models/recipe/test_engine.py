"""Checks the engine: gradients against differences of the loss, generation against the forward pass, GGUF rounding against ours.

  python3 test_engine.py"""
import ctypes

import engine
import numpy as np
from gguf import encode_q4_0, encode_q8_0

SHAPE = engine.Shape(d=64, layers=3, heads=3, head_dim=64, ff=128, vocab=512, exit=0, max_context=256, eps=1e-5, theta=10000.0)


class Handle(ctypes.Structure):
    _fields_ = [("shape", engine.Shape), ("threads", ctypes.c_int), ("acts", ctypes.c_void_p),
                ("grads", ctypes.POINTER(ctypes.POINTER(ctypes.c_float))), ("scratch", ctypes.c_void_p)]


def gradients(e, size):
    handle = Handle.from_address(e.handle.value)
    return sum(np.ctypeslib.as_array(handle.grads[i], (size,)).copy() for i in range(e.threads))


def test_gradients():
    e, rng = engine.Engine(SHAPE, 128, 64, threads=2), np.random.default_rng(0)
    engine.LIB.use_bf16(0)
    w = SHAPE.fresh(0) + rng.standard_normal(SHAPE.count()).astype(np.float32) * 0.05
    tokens = rng.integers(0, SHAPE.vocab, (2, 2, 65)).astype(np.int32)
    e.train(w, tokens)
    views = SHAPE.named(gradients(e, w.size))
    for name, gradient in views.items():
        direction = np.zeros_like(w)
        SHAPE.named(direction)[name][:] = np.sign(gradient)
        step = 0.02 / np.abs(gradient).sum()
        up, down = (e.train(w + s * step * direction, tokens, learn=False).means()["loss"] for s in (1, -1))
        expected = np.abs(gradient).sum()
        assert abs((up - down) / (2 * step) / expected - 1) < 0.02, (name, (up - down) / (2 * step), expected)


def test_generation():
    e, rng = engine.Engine(SHAPE, 128, 128, threads=2), np.random.default_rng(1)
    w = SHAPE.fresh(0) + rng.standard_normal(SHAPE.count()).astype(np.float32) * 0.05
    tokens = rng.integers(0, SHAPE.vocab, (4, 65)).astype(np.int32)
    e.generate(w, tokens, [10, 12, 20, 30], [0, 0, 0, 0], group=2)
    peaked = e.distill(e, w, w, np.ascontiguousarray(tokens[:, None]), learn=False, compare=True)
    assert peaked[0].means()["agree"] == 1
    warmer = tokens.copy()
    e.generate(w, warmer, [10, 12, 20, 30], [1, 1, 1, 1], group=2)
    assert (warmer[:, :10] == tokens[:, :10]).all() and (warmer != tokens).any()


def test_rounding():
    e, w = engine.Engine(SHAPE, 64, 64, threads=1), SHAPE.fresh(2)
    rounded = SHAPE.named(e.fake_quantise(w, np.empty_like(w)))
    named = SHAPE.named(w)
    blocks = np.frombuffer(encode_q4_0(named["1.gate"]), np.uint8).reshape(-1, 18)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    q = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1).astype(np.float32) - 8
    assert np.array_equal((q * scale).ravel(), rounded["1.gate"].ravel())
    blocks = np.frombuffer(encode_q8_0(named["embedding"]), np.uint8).reshape(-1, 34)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    assert np.array_equal((blocks[:, 2:].view(np.int8) * scale).ravel(), rounded["embedding"].ravel())


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)

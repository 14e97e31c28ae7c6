"""A small GGUF writer, with ggml's F16, Q8_0 and Q4_0 encodings. Only what these models need."""
import struct

import numpy as np

F32, F16, Q4_0, Q8_0 = 0, 1, 2, 8  # ggml tensor types
FILE_TYPE = {F16: 1, Q4_0: 2, Q8_0: 7}
ALIGNMENT = 32


def half(x):
    return x.astype(np.float16)


def encode_q4_0(x):
    """Blocks of 32: a scale, then 16 bytes that hold values j (low) and j + 16 (high)."""
    blocks = x.reshape(-1, 32).astype(np.float32)
    top = np.take_along_axis(blocks, np.abs(blocks).argmax(1)[:, None], 1)
    scale = top / np.float32(-8)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)
    q = np.minimum((blocks * inverse + np.float32(8.5)).astype(np.int8), 15).astype(np.uint8)
    return np.concatenate([half(scale).view(np.uint8), q[:, :16] | (q[:, 16:] << 4)], 1).tobytes()


def encode_q8_0(x):
    blocks = x.reshape(-1, 32).astype(np.float32)
    scale = np.abs(blocks).max(1, keepdims=True) / np.float32(127)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)
    q = blocks * inverse
    q = np.trunc(q + np.copysign(np.float32(0.5), q)).astype(np.int8)
    return np.concatenate([half(scale).view(np.uint8), q.view(np.uint8)], 1).tobytes()


ENCODE = {F32: lambda x: x.astype(np.float32).tobytes(), F16: lambda x: half(x).tobytes(), Q4_0: encode_q4_0, Q8_0: encode_q8_0}


def string(s):
    data = s.encode()
    return struct.pack("<Q", len(data)) + data


def value(v):
    """(type id, bytes) of a metadata value; lists hold strings or int32."""
    if isinstance(v, bool):
        return 7, struct.pack("<?", v)
    if isinstance(v, int):
        return 4, struct.pack("<I", v)
    if isinstance(v, float):
        return 6, struct.pack("<f", v)
    if isinstance(v, str):
        return 8, string(v)
    if isinstance(v[0], str):
        return 9, struct.pack("<IQ", 8, len(v)) + b"".join(map(string, v))
    return 9, struct.pack("<IQ", 5, len(v)) + struct.pack(f"<{len(v)}i", *v)


def pad(data):
    return data + b"\0" * (-len(data) % ALIGNMENT)


def gguf(metadata, tensors):
    """tensors: (name, array, type). Returns the file's bytes."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, v in metadata.items():
        kind, data = value(v)
        head += string(key) + struct.pack("<I", kind) + data
    body = []
    at = 0
    for name, array, kind in tensors:
        data = pad(ENCODE[kind](array))
        head += string(name) + struct.pack("<I", array.ndim) + struct.pack(f"<{array.ndim}Q", *array.shape[::-1]) + struct.pack("<IQ", kind, at)
        body.append(data)
        at += len(data)
    return pad(head) + b"".join(body)

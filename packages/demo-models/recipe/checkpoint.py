"""Checkpoints: flat arrays and a few numbers in one .npz, written beside and moved into place."""
import os

import numpy as np


def save(path, **values):
    temporary = path + ".tmp.npz"
    np.savez(temporary, **values)
    os.replace(temporary, path)


def load(path):
    if not os.path.exists(path):
        return None
    with np.load(path) as f:
        return {k: f[k] for k in f.files}

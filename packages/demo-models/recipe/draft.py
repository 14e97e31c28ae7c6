"""How the draft is cut out of the target: the embedding, the layers up to the early exit, and the exit's own norm."""
import numpy as np

from engine import DRAFT, TARGET


def cut(target):
    """The draft's flat weights. It may have fewer layers than the exit: the exit's norm fits those well enough to start from."""
    whole, draft = TARGET.named(target), np.zeros(DRAFT.count(), np.float32)
    for name, part in DRAFT.named(draft).items():
        part[:] = whole["exit_norm" if name == "norm" else name]
    return draft

"""Windows of the token stream, each seen once before any is seen again; one in ten is turned into fill-in-the-middle form."""
import numpy as np

PHASES = [(0.62, 256), (0.92, 512), (1.0, 1024)]  # up to which progress, and the context length
FIM_SHARE = 0.1


class Windows:
    """Every phase has its own part of the stream, as the stream is longer than what is read in one run."""

    def __init__(self, stream, fim_tokens, seen=(0, 0, 0), seed=0):
        self.stream, self.fim, self.seed = stream, fim_tokens, seed
        self.seen = list(seen)
        self.orders = {}

    def phase(self, progress):
        return next((i for i, (end, _) in enumerate(PHASES) if progress < end), len(PHASES) - 1)

    def window(self, phase):
        start = int(len(self.stream) * (PHASES[phase - 1][0] if phase else 0))
        end, context = int(len(self.stream) * PHASES[phase][0]), PHASES[phase][1]
        count = (end - start - 1) // context - 1
        epoch, index = divmod(self.seen[phase], count)
        self.seen[phase] += 1
        if (phase, epoch) not in self.orders:
            rng = np.random.default_rng([self.seed, phase, epoch])
            self.orders = {(phase, epoch): (rng.permutation(count), int(rng.integers(context)) if epoch else 0)}
        order, shift = self.orders[phase, epoch]
        at = start + shift + int(order[index]) * context
        window = self.stream[at:at + context + 1].astype(np.int32)
        return self.fill_in_the_middle(window, np.random.default_rng([self.seed, phase, self.seen[phase]]))

    def fill_in_the_middle(self, window, rng):
        if rng.random() > FIM_SHARE:
            return window
        prefix, suffix, middle = self.fim
        text = window[:-3]
        a, b = sorted(rng.integers(0, len(text), 2))
        return np.concatenate([[prefix], text[:a], [suffix], text[b:], [middle], text[a:b]]).astype(np.int32)

    def batch(self, progress, tokens, micro):
        phase = self.phase(progress)
        context = PHASES[phase][1]
        micro = max(micro, context)
        rows = np.stack([self.window(phase) for _ in range(tokens // context)])
        return np.ascontiguousarray(rows.reshape(tokens // micro, micro // context, context + 1))

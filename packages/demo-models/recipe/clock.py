"""A schedule that follows the wall clock: `progress` goes from 0 to 1 in so many minutes of work, or by a time of day if that
comes first. Pauses (a stopped process) do not count as work."""
import datetime
import time


class Clock:
    def __init__(self, minutes, until, progress=0.0):
        self.progress, self.left, self.deadline = progress, minutes * 60 * (1 - progress), None
        if until:
            hour, minute = map(int, until.split(":"))
            self.deadline = datetime.datetime.now().replace(hour=hour, minute=minute, second=0).timestamp()
        self.last, self.usual = time.time(), None

    def tick(self):
        """Call once a step."""
        now = time.time()
        step = now - self.last
        self.last = now
        if self.usual and step > 8 * self.usual:
            step = self.usual
        self.usual = step if self.usual is None else 0.95 * self.usual + 0.05 * step
        left = self.left if self.deadline is None else max(min(self.left, self.deadline - now), 1e-3)
        self.progress = min(1.0, self.progress + (1 - self.progress) * min(1, step / left))
        self.left -= step
        if self.left <= 0 or (self.deadline and now >= self.deadline):
            self.progress = 1.0
        return self.progress


def rate(progress):
    """Warm-up over 1 %, constant, then down to nothing over the last half."""
    return min(1.0, progress / 0.01 + 0.02, max(0.0, 2 * (1 - progress)))

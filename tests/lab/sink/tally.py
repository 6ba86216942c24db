# SPDX-License-Identifier: MIT
"""What a judge counts: faults by name, ranges of figures, differences of clocks that wrap."""

import collections

WRAP_33 = 1 << 33


def wrap_diff(new, old, modulus):
    """new - old as the shorter way round."""
    diff = (new - old) % modulus
    return diff - modulus if diff > modulus // 2 else diff


class Faults(collections.Counter):
    """Counts by name and keeps the first words about each."""

    def __init__(self):
        super().__init__()
        self.first = {}

    def add(self, name, text=""):
        self[name] += 1
        self.first.setdefault(name, str(text))


class Range:
    """Smallest, largest, mean."""

    def __init__(self):
        self.low = self.high = None
        self.total = self.count = 0

    def add(self, value):
        self.low = value if self.low is None else min(self.low, value)
        self.high = value if self.high is None else max(self.high, value)
        self.total += value
        self.count += 1

    def report(self, digits=2):
        if not self.count:
            return None
        return {"min": round(self.low, digits), "max": round(self.high, digits),
                "mean": round(self.total / self.count, digits), "count": self.count}

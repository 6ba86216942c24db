# SPDX-License-Identifier: MIT
"""Numbers and how they are printed."""

import statistics


def percentile(values, share):
    """Of values in any order; None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))] if ordered else None


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def ratio(one, other):
    return one / other if one is not None and other else None


def rounded(value, digits=3):
    return None if value is None else round(value, digits)


def text_of(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}" if abs(value) < 100 \
            else f"{value:.0f}"
    return str(value)


def table(title, columns, rows):
    """rows: lists of values; the first column is text to the left."""
    cells = [[text_of(value) for value in row] for row in rows]
    widths = [max(len(line[i]) for line in [columns] + cells) for i in range(len(columns))]

    def line(words):
        return "  " + "  ".join(word.ljust(width) if i == 0 else word.rjust(width)
                                for i, (word, width) in enumerate(zip(words, widths))).rstrip()
    print(f"\n{title}")
    print(line(columns))
    for row in cells:
        print(line(row))


class Load:
    """How busy the machine was, and how much of that was not ours."""

    def __init__(self):
        self.start = self._read()

    @staticmethod
    def _read():
        with open("/proc/stat", encoding="ascii") as file:
            words = [int(word) for word in file.readline().split()[1:9]]
        return sum(words), words[3] + words[4]

    def busy_percent(self):
        total, idle = (now - then for now, then in zip(self._read(), self.start))
        return 100 * (total - idle) / total if total else 0

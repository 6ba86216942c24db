# SPDX-License-Identifier: MIT
"""Lines over time as a PNG, with the standard library alone: a lab's machine has no plotting tools."""

import struct
import zlib

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 960, 300, 70, 24, 22, 12
COLOURS = ((31, 119, 180), (214, 39, 40), (44, 160, 44), (148, 103, 189))
GLYPHS = {  # 5 by 7 pixels, a row a hexadecimal byte
    "0": "0e11131519110e", "1": "040c040404040e", "2": "0e11010204081f", "3": "1f02040201110e",
    "4": "02060a121f0202", "5": "1f101e0101110e", "6": "0608101e11110e", "7": "1f010204080808",
    "8": "0e11110e11110e", "9": "0e11110f01020c", ".": "00000000000c0c", "-": "0000001f000000",
    "/": "00010204081000", "a": "00000e010f110f", "b": "10101619111e00", "c": "00000e1010110e",
    "d": "01010d1311110f", "e": "00000e111f100e", "f": "0609081c080808", "g": "000f110f010e00",
    "h": "10101619111111", "i": "04000c0404040e", "j": "0200060202120c", "k": "1010121418140a",
    "l": "0c04040404040e", "m": "00001a15151111", "n": "00001619111111", "o": "00000e1111110e",
    "p": "001e111e101000", "q": "000d130f010100", "r": "00001619101010", "s": "00000e100e011e",
    "t": "08081c08080906", "u": "0000111111130d", "v": "00001111110a04", "w": "0000111115150a",
    "x": "0000110a040a11", "y": "0011110f010e00", "z": "00001f0204081f", "%": "18190204081303",
    ",": "0000000c040800", ":": "000c0c000c0c00", "(": "02040808080402", ")": "08040202020408",
}


class Canvas:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.pixels = bytearray(b"\xff" * (width * height * 3))

    def dot(self, x, y, colour):
        if 0 <= x < self.width and 0 <= y < self.height:
            at = (y * self.width + x) * 3
            self.pixels[at:at + 3] = bytes(colour)

    def line(self, x0, y0, x1, y1, colour):
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for i in range(steps + 1):
            self.dot(round(x0 + (x1 - x0) * i / steps), round(y0 + (y1 - y0) * i / steps), colour)

    def text(self, x, y, text, colour=(0, 0, 0)):
        for character in text.lower():
            rows = bytes.fromhex(GLYPHS.get(character, "00" * 7))
            for dy, row in enumerate(rows):
                for dx in range(5):
                    if row >> (4 - dx) & 1:
                        self.dot(x + dx, y + dy, colour)
            x += 6

    def write(self, path):
        rows = b"".join(b"\0" + bytes(self.pixels[y * self.width * 3:(y + 1) * self.width * 3])
                        for y in range(self.height))

        def chunk(kind, data):
            return (struct.pack(">I", len(data)) + kind + data +
                    struct.pack(">I", zlib.crc32(kind + data)))
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        with open(path, "wb") as out:
            out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
                      chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b""))


def _round_up(value):
    step = 1
    while value / step > 10:
        step *= 10
    for factor in (1, 2, 5, 10):
        if value <= step * factor:
            return step * factor
    return step * 10


def _panel(canvas, top, title, series, seconds):
    """series: [(name, [(x, y), ...]), ...]"""
    high = _round_up(max((y for _, points in series for _, y in points), default=1) or 1)
    right, bottom = WIDTH - RIGHT, top + HEIGHT - BOTTOM
    grey = (210, 210, 210)
    for i in range(5):
        y = round(bottom - (bottom - top - TOP) * i / 4)
        canvas.line(LEFT, y, right, y, grey)
        canvas.text(6, y - 3, f"{high * i / 4:g}")
    for i in range(11):
        x = round(LEFT + (right - LEFT) * i / 10)
        canvas.line(x, bottom, x, bottom + 3, (0, 0, 0))
        canvas.text(x - 8, bottom + 8, f"{seconds * i / 10:.3g}")
    canvas.text(LEFT, top + 6, title)
    x = LEFT + 6 * len(title) + 24
    for (name, points), colour in zip(series, COLOURS):
        canvas.text(x, top + 6, name, colour)
        x += 6 * len(name) + 18
        last = None
        for px, py in points:
            here = (round(LEFT + (right - LEFT) * min(px / seconds, 1)),
                    round(bottom - (bottom - top - TOP) * min(py / high, 1)))
            if last:
                canvas.line(*last, *here, colour)
            last = here


def draw(path, panels):
    """panels: [(title, [(name, points), ...]), ...], one under the other, over the same seconds."""
    seconds = max((x for _, series in panels for _, points in series for x, _ in points),
                  default=1) or 1
    canvas = Canvas(WIDTH, HEIGHT * len(panels))
    for index, (title, series) in enumerate(panels):
        _panel(canvas, index * HEIGHT, title, series, seconds)
    canvas.write(path)

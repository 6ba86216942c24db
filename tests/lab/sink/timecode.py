# SPDX-License-Identifier: MIT
"""Reads the bar-code time code of the test pattern out of decoded luma.

Blocks in one row: white black | 40 bits of CLOCK_MONOTONIC in 100 us | 8 bits checksum (exclusive
or of the five value bytes) | black white.  16x16 px from (16,16) where the picture is at least
864 px wide, else 8x8 px from (8,8).
"""

BLOCKS = 52
TICK_US = 100
WRAP_US = (1 << 40) * TICK_US
COMMON_WIDTHS = (640, 720, 800, 1024, 1280, 1366, 1440, 1600, 1680, 1920, 2560, 3840)


def block_px(width):
    return 16 if width >= 864 else 8


def strip_size(width, height):
    """(width, height) of the top left part that holds the code, for ffmpeg's crop; even."""
    block = block_px(width)
    return min(width, (BLOCKS + 2) * block) & ~1, min(height, 3 * block) & ~1


def bits_of(value):
    """The 52 blocks of a value in ticks, 1 is white (also used to draw them in tests)."""
    data = (value & ((1 << 40) - 1)).to_bytes(5, "big")
    check = 0
    for byte in data:
        check ^= byte
    bits = [1, 0]
    for byte in data + bytes([check]):
        bits += [byte >> i & 1 for i in range(7, -1, -1)]
    return bits + [0, 1]


def _levels(luma, stride, block, origin):
    """Mean of the middle of each block, None where the strip ends."""
    out = []
    for i in range(BLOCKS):
        x, y = origin + (i + 0.5) * block, origin + 0.5 * block
        total = count = 0
        for dy in (-0.2, 0, 0.2):
            row = int(y + dy * block) * stride
            for dx in (-0.2, 0, 0.2):
                at = row + int(x + dx * block)
                if int(x + dx * block) >= stride or at >= len(luma):
                    return None
                total += luma[at]
                count += 1
        out.append(total / count)
    return out


def _value(levels):
    if not levels:
        return None
    white, black = (levels[0] + levels[51]) / 2, (levels[1] + levels[50]) / 2
    if white - black < 60:
        return None
    middle = (white + black) / 2
    bits = [level > middle for level in levels]
    data = bytes(sum(bits[2 + 8 * i + j] << (7 - j) for j in range(8)) for i in range(6))
    check = 0
    for byte in data[:5]:
        check ^= byte
    return int.from_bytes(data[:5], "big") if check == data[5] else None


def read(luma, stride, picture_width, scaled=False):
    """The time in us of CLOCK_MONOTONIC (modulo WRAP_US), None where no code can be read.

    scaled also tries a code that was drawn for another width and then scaled with the picture.
    """
    block = block_px(picture_width)
    value = _value(_levels(luma, stride, block, block))
    if value is None and scaled:
        for width in COMMON_WIDTHS:
            size = block_px(width) * picture_width / width
            value = _value(_levels(luma, stride, size, size))
            if value is not None:
                break
    return None if value is None else value * TICK_US


def age_us(now_us, code_us):
    """now - code, right across the wrap of the 40 bits."""
    age = (now_us - code_us) % WRAP_US
    return age - WRAP_US if age > WRAP_US // 2 else age

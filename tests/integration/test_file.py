#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A media file, made here, cast to the lab's sink.  Usage: test_file.py MIRACAST [CASE...]"""

import array
import math
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import check, main, need_programs, psnr, run, statistics, until  # noqa: E402

EXIT_OK, EXIT_CAPTURE = 0, 6
WIDTH, HEIGHT, FPS, PICTURES = 640, 360, 25, 75
BARS, MIDDLE, DIGITS = 100, 160, 100  # rows
BORDER = 60  # above and below it in 640x480
FLASHES_S, FLASH_S = (0.8, 1.6, 2.4), 0.12
COLOURS = (0xC0C0C0, 0xC0C000, 0x00C0C0, 0x00C000, 0xC000C0, 0xC00000, 0x0000C0, 0x404040)
DIGIT = WIDTH // 8


# ---- the file ----

def is_lit(seconds):
    return any(at - 0.001 <= seconds < at + FLASH_S for at in FLASHES_S)


def picture(number):
    """RGB: bars that tell one side from the other, a middle that flashes, and its number as eight bits."""
    bars = b"".join(colour.to_bytes(3, "big") * DIGIT for colour in COLOURS)
    middle = (b"\xe8" if is_lit(number / FPS) else b"\x20") * (3 * WIDTH)
    bits = b"".join((b"\xe0" if number >> (7 - bit) & 1 else b"\x18") * (3 * DIGIT) for bit in range(8))
    return bars * BARS + middle * MIDDLE + bits * DIGITS


def make(bed, name, *options, source="both"):
    """(path) PICTURES at FPS, three flashes and with each a beep."""
    need_programs("ffmpeg")
    path, sound = bed.folder / name, bed.folder / "sound.raw"
    samples = (int(9000 * math.sin(2 * math.pi * 1000 * i / 48000)) if is_lit(i / 48000) else 0
               for i in range(48000 * PICTURES // FPS))
    sound.write_bytes(array.array("h", samples).tobytes())
    inputs = ["-f", "s16le", "-ar", "48000", "-ac", "1", "-i", sound]
    if source == "both":
        inputs += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", FPS, "-i", "pipe:0",
                   "-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-pix_fmt", "yuv420p", "-g", FPS]
    words = ["ffmpeg", "-v", "error", "-y", *inputs, "-c:a", "aac", "-ac", "2", *options, path]
    pixels = b"".join(picture(i) for i in range(PICTURES)) if source == "both" else b""
    done = subprocess.run([str(word) for word in words], input=pixels, capture_output=True, check=False)
    check(done.returncode == 0, done.stderr.decode(errors="replace"))
    return path


# ---- what the sink got ----

def numbers_in(bed, stream):
    """Of each picture that it decodes."""
    raw = bed.folder / "digits"
    run(["ffmpeg", "-v", "error", "-y", "-f", "h264", "-i", stream, "-vsync", "passthrough", "-vf",
         f"crop={WIDTH}:{DIGITS // 2}:0:{BORDER + BARS + MIDDLE + DIGITS // 4},scale=8:1:flags=area,format=gray",
         "-f", "rawvideo", raw])
    levels = raw.read_bytes()
    return [sum((levels[at + bit] > 128) << (7 - bit) for bit in range(8)) for at in range(0, len(levels), 8)]


def assert_looks_like(bed, seen, number):
    """The sink's whole picture, borders too, against the one of that number."""
    raw, expected = bed.folder / "expected.rgb", bed.folder / "expected.png"
    border = b"\0" * (3 * WIDTH * BORDER)
    raw.write_bytes(border + picture(number) + border)
    run(["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT + 2 * BORDER}",
         "-i", raw, expected])
    check(psnr(seen, expected) > 28, f"picture {number} looks otherwise: {psnr(seen, expected):.1f} dB")


def cast(bed, what, *sink_options):
    source, port = bed.cast("--mode", "640x480@30", "--stats", bed.folder / "stats", "--capture", f"file:{what}")
    return source, bed.sink(port, "--no-teardown", "--save-h264", bed.folder / "h264", *sink_options, duration=60)


def end(bed, source, sink, code=EXIT_OK):
    """(report, numbers of the pictures) when the source has ended the session."""
    check(source.wait() == code, f"not {code}: {source.text()}")
    check(sink.wait() == 0, sink.text())
    report = bed.report()
    check(report["ended_by"] == "source", report["ended_by"])
    return report, numbers_in(bed, bed.folder / "h264")


def test_whole(bed):
    """In order, in step, as it looks; and its end is the session's."""
    seen = bed.folder / "seen.png"
    source, sink = cast(bed, make(bed, "whole.mp4"), "--av-sync", "--save-png", seen)
    report, numbers = end(bed, source, sink)
    check("whole.mp4 has been shown" in source.text() and "error [" not in source.text(), source.text())
    check(numbers == sorted(numbers), f"out of order: {numbers}")
    check(numbers[0] < FPS and numbers[-1] > PICTURES - FPS // 2, f"not all of it: {numbers}")
    check(len(set(numbers)) > PICTURES // 3, f"few pictures: {numbers}")
    assert_looks_like(bed, seen, numbers[-1])
    offsets = report["av_sync"]["offsets_ms"]
    check(offsets and -45 <= min(offsets) and max(offsets) <= 125, report["av_sync"])


def test_loop(bed):
    """On past its end, and its sound too."""
    source, sink = cast(bed, f"{make(bed, 'loop.mkv')},loop", "--av-sync")
    until("the next round", lambda: source.child.poll() is not None or
          any(row["frames_encoded"] > PICTURES * 4 // 3 for row in statistics(bed)))
    check(source.child.poll() is None, source.text())
    source.send(signal.SIGINT)
    report, numbers = end(bed, source, sink)
    rounds = [n for n, (a, b) in enumerate(zip(numbers, numbers[1:])) if b < a]
    check(rounds, f"it did not begin anew: {numbers}")
    for at in rounds:
        check(numbers[at] > PICTURES - FPS and numbers[at + 1] < FPS, f"cut short: {numbers}")
    check(report["av_sync"]["beeps"] > len(FLASHES_S), report["av_sync"])
    offsets = report["av_sync"]["offsets_ms"]
    check(offsets and -45 <= min(offsets) and max(offsets) <= 125, report["av_sync"])


def test_pause(bed):
    """Longer than the file: it rests meanwhile, and its end is not missed."""
    pause_s = 1.5 * PICTURES / FPS
    source, sink = cast(bed, make(bed, "pause.mp4"), "--script", f"1:pause,{1 + pause_s}:play")
    source.wait_line("the sink paused the stream")
    report, numbers = end(bed, source, sink)
    check("rtp-while-paused" not in report["faults"], report["faults"])
    check(numbers == sorted(numbers) and numbers[-1] > PICTURES - FPS // 2, f"not to its end: {numbers}")
    gap = max(b - a for a, b in zip(numbers, numbers[1:]))
    check(gap < FPS, f"{gap} pictures are missing: {numbers}")


def refuse(bed, what, code):
    """Before any sink is looked for."""
    source = bed.start([bed.miracast, "cast", "--quiet", "--listen", "127.0.0.1:0", "--capture", f"file:{what}"])
    check(source.wait() == EXIT_CAPTURE, source.text())
    check(f"error [{code}]" in source.text(), f"not {code}: {source.text()}")


def cut(path, part):
    data = path.read_bytes()
    path.write_bytes(data[:int(len(data) * part)])
    return path


def test_refused(bed):
    refuse(bed, bed.folder / "nowhere.mp4", "capture.no-file")
    refuse(bed, bed.folder, "capture.no-file")
    text = bed.folder / "text.mp4"
    text.write_text("no media, and long enough to be looked at\n" * 1000, encoding="ascii")
    refuse(bed, text, "capture.not-media")
    refuse(bed, make(bed, "sound.m4a", source="sound"), "capture.not-media")
    refuse(bed, cut(make(bed, "no-index.mp4"), 0.7), "capture.damaged")


def test_truncated(bed):
    """Its index is there, and of its pictures a third."""
    path = make(bed, "cut.mp4", "-movflags", "+faststart")
    source, sink = cast(bed, cut(path, 0.35))
    report, numbers = end(bed, source, sink, EXIT_CAPTURE)
    check("error [capture.damaged]" in source.text(), source.text())
    check(numbers and numbers[-1] < PICTURES - FPS, f"it was not cut: {numbers}")


CASES = {name[5:].replace("_", "-"): case for name, case in list(globals().items())
         if name.startswith("test_")}

if __name__ == "__main__":
    sys.exit(main(CASES))

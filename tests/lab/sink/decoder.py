# SPDX-License-Identifier: MIT
"""Decodes with programs: GStreamer live, for the moment of each picture and its time code; ffmpeg at
the end, for the last picture, the number of decoding errors and the sound's pitch."""

import array
import math
import shutil
import subprocess
import threading
import time

from . import h264, timecode

SETTLED_S = 1.0  # after the first picture
AUD = b"\0\0\0\1\x09\xf0"
# A parser knows a unit's end by the delimiter behind it, and the delimiter's end by what follows: with
# this filler the picture is out 1.3 ms after it went in, without it one frame interval later.
RELEASE = AUD + b"\0\0\1\x0c\xff\x80"


def available():
    return shutil.which("ffmpeg") is not None and shutil.which("gst-launch-1.0") is not None


class Window:
    """The stream as it comes, in a window on the display."""

    def __init__(self):
        self.child = subprocess.Popen(
            ["gst-launch-1.0", "-q", "fdsrc", "fd=0", "!", "h264parse", "!", "avdec_h264", "!",
             "videoconvert", "!", "ximagesink", "sync=false"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def unit(self, data):
        try:
            self.child.stdin.write(data + RELEASE)
            self.child.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # the person closed it

    def close(self):
        self.child.kill()
        self.child.wait()


class LiveDecoder:
    """Access units in, moments out.  One child for each picture size."""

    def __init__(self, with_timecode):
        self.with_timecode = with_timecode
        self.child = self.reader = self.size = None
        self.pictures = 0
        self.first_t = None
        self.times = []      # of each picture
        self.ages_ms = []    # of each time code when it was first seen
        self.early_ms = []   # the same, while the decoder starts and what came meanwhile is waiting
        self.sizes = []

    def unit(self, data):
        """One access unit as its marker came.  The delimiter behind it makes the parser let go."""
        size = size_in(data)
        if size and size != self.size:
            self.close()
            self._open(size)
        if not self.child:
            return
        try:
            self.child.stdin.write(data[len(AUD):] if data.startswith(AUD) else data)
            self.child.stdin.write(RELEASE)
            self.child.stdin.flush()
        except (BrokenPipeError, ValueError):
            self.child = None

    def _open(self, size):
        self.size = size
        self.sizes.append(size)
        width, height = timecode.strip_size(*size)
        strip = (width & ~3, height)  # rows of GRAY8 are padded to four bytes
        self.child = subprocess.Popen(
            ["gst-launch-1.0", "-q", "fdsrc", "fd=0", "!", "h264parse", "!", "avdec_h264",
             "max-threads=1", "!", "videocrop", f"right={size[0] - strip[0]}",
             f"bottom={size[1] - strip[1]}", "!", "videoconvert", "!",
             "video/x-raw,format=GRAY8", "!", "fdsink", "fd=1", "sync=false"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.child.stdin.write(AUD)
        self.reader = threading.Thread(target=self._read, args=(self.child, strip, size[0]),
                                       daemon=True)
        self.reader.start()

    def _read(self, child, strip, width):
        last = None
        while True:
            luma = child.stdout.read(strip[0] * strip[1])
            now = time.monotonic()
            if len(luma) < strip[0] * strip[1]:
                return
            self.pictures += 1
            self.times.append(now)
            if self.first_t is None:
                self.first_t = now
                print("sink: first picture", flush=True)
            if not self.with_timecode:
                continue
            code = timecode.read(luma, strip[0], width, scaled=True)
            if code is not None and code != last:
                ages_ms = self.early_ms if now - self.first_t < SETTLED_S else self.ages_ms
                ages_ms.append(timecode.age_us(int(now * 1e6), code) / 1e3)
                last = code

    def close(self):
        child, self.child = self.child, None
        if child:
            try:
                child.stdin.close()
            except BrokenPipeError:
                pass
            self.reader.join(20)
            child.kill()
            child.wait()

    def report(self):
        ages = sorted(self.ages_ms)
        gaps = [(b - a) * 1e3 for a, b in zip(self.times, self.times[1:])]
        return {"pictures": self.pictures, "sizes": self.sizes,
                "longest_freeze_ms": round(max(gaps), 1) if gaps else None,
                "latency_ms": {"count": len(ages), **{f"p{p}": percentile(ages, p)
                                                      for p in (50, 95, 99)},
                               "max": round(ages[-1], 2) if ages else None},
                "latency_first_second_ms": {"count": len(self.early_ms), "max": round(
                    max(self.early_ms), 2) if self.early_ms else None}}


def size_in(data):
    """(width, height) of an SPS in an access unit, else None."""
    if b"\0\0\1\x67" not in data[:256] and b"\0\0\1\x27" not in data[:256]:
        return None
    for nal in h264.nal_units(data[:512]):
        if nal[0] & 31 == h264.SPS:
            try:
                sps = h264.parse_sps(nal)
            except ValueError:
                return None
            return sps["width"], sps["height"]
    return None


def percentile(ordered, percent):
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)


def save_picture(stream_path, start, png_path):
    """The last picture of an H.264 file, decoded from the IDR at byte start."""
    with open(stream_path, "rb") as file:
        file.seek(start)
        data = file.read()
    done = subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "h264", "-i", "pipe:0", "-update",
                           "1", "-vsync", "passthrough", str(png_path)], input=data,
                          capture_output=True, check=False)
    return done.returncode == 0


def decode_errors(stream_path):
    """Lines that ffmpeg complains with over the whole stream."""
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "h264", "-i", str(stream_path), "-f",
                           "null", "-"], capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if line.strip()]


def samples_of(path, kind):
    """Mono samples at 48 kHz of the recorded sound."""
    source = {"LPCM": ["-f", "s16be", "-ar", "48000", "-ac", "2"], "AAC": ["-f", "aac"],
              "AC3": ["-f", "ac3"]}.get(kind)
    if source is None:
        return array.array("h")
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *source, "-i", str(path), "-f", "s16le", "-ac",
                           "1", "-ar", "48000", "pipe:1"], capture_output=True, check=False)
    return array.array("h", done.stdout[:len(done.stdout) & ~1])


def tone_of(samples):
    """(dominant frequency in Hz, level) of the middle of the samples; (None, 0) for silence."""
    count = 8192
    if len(samples) < count:
        return None, 0
    start = (len(samples) - count) // 2
    block = samples[start:start + count]
    level = math.sqrt(sum(s * s for s in block) / count)
    if level < 8:
        return None, round(level, 1)
    best = max(range(60, 4000, 5), key=lambda hz: _power(block, hz))
    best = max((best - 5 + i * 0.5 for i in range(21)), key=lambda hz: _power(block, hz))
    return round(best, 1), round(level, 1)


def _power(block, hz):
    """Goertzel."""
    factor = 2 * math.cos(2 * math.pi * hz / 48000)
    one = two = 0.0
    for sample in block:
        one, two = sample + factor * one - two, one
    return one * one + two * two - factor * one * two


def dropouts(samples):
    """Stretches of 5 ms and more of exact silence between sounding ones."""
    found = run = 0
    sounded = False
    for sample in samples:
        if sample == 0:
            run += 1
            continue
        if sounded and run >= 240:
            found += 1
        sounded, run = True, 0
    return found

# SPDX-License-Identifier: MIT
"""Flash and beep: where a picture that turns white and a tone that begins stand in the stream's time.
Sound behind picture is positive; viewers accept -45 to +125 ms."""

import subprocess

from . import decoder

WIDTH, HEIGHT = 64, 36
PAIR_MS = 500  # a beep further from its flash belongs to another
CLOCK = 90
FRESH_MS = 60  # a flash is dated by a picture whose forerunner is no older: else its beginning was skipped


def flash_times(stream_path, units):
    """Milliseconds of PTS at which the picture's middle turned bright."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "h264", "-i", str(stream_path), "-vsync", "passthrough", "-vf",
         f"crop=iw/2:ih/3,scale={WIDTH}:{HEIGHT}:flags=area,format=gray", "-f", "rawvideo", "pipe:1"],
        capture_output=True, check=False)
    size = WIDTH * HEIGHT
    levels = [sum(done.stdout[at:at + size]) / size
              for at in range(0, len(done.stdout) - size + 1, size)]
    times = [unit.pts / CLOCK for unit in units if unit.pts is not None]
    if len(levels) != len(times) or not levels:
        return []
    middle = (min(levels) + max(levels)) / 2
    if max(levels) - min(levels) < 40:
        return []
    pictures = list(zip(times, levels))
    return [t for (t_before, before), (t, level) in zip(pictures, pictures[1:])
            if before < middle <= level and t - t_before < FRESH_MS]


def beep_times(samples, frames):
    """frames: (PTS, samples) of each frame of sound. Milliseconds of PTS at which a tone begins."""
    out, at = [], 0
    loudest = max((abs(s) for s in samples), default=0)
    if loudest < 500:
        return []
    last_loud = -10**9
    for pts, count in frames:
        for i in range(at, min(at + count, len(samples))):
            if abs(samples[i]) > loudest / 4:
                if i - last_loud > 4800:  # 100 ms of quiet before it
                    out.append(pts / CLOCK + (i - at) / 48)
                last_loud = i
        at += count
    return out


def offsets_ms(flashes, beeps):
    out = []
    for flash in flashes:
        near = min(beeps, key=lambda beep: abs(beep - flash), default=None)
        if near is not None and abs(near - flash) < PAIR_MS:
            out.append(round(near - flash, 1))
    return out


def report(stream_path, audio_path, media):
    samples = decoder.samples_of(audio_path, media.audio_kind)
    flashes = flash_times(stream_path, media.units)
    beeps = beep_times(samples, media.audio_frames)
    offsets = offsets_ms(flashes, beeps)
    ordered = sorted(offsets)
    return {"flashes": len(flashes), "beeps": len(beeps), "offsets_ms": offsets,
            "p50": decoder.percentile(ordered, 50), "min": ordered[0] if ordered else None,
            "max": ordered[-1] if ordered else None}

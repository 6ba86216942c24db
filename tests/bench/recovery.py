# SPDX-License-Identifier: MIT
"""./dev bench recovery: what a sink shows of a stream whose datagrams get lost, by how the source answers;
and what key frames cost by the encoder's buffer.  Encoded and decoded in no real time: the figures are of
the settings and not of the machine."""

import subprocess

import figures
from micro import tool

KBPS = 4000
SCENES = ("mixed", "video", "noise")

# name: (ANSWER, WAVE, VBV_MS)
ANSWERS = {
    "key frames": ("idr", 0, 200),
    "key frames, tight": ("idr", 0, 67),
    "refresh, 10 frames": ("none", 10, 200),
    "refresh, 30 frames": ("none", 30, 200),
    "both, 30 frames": ("idr", 30, 200),
}
LOSSES = (2, 0.3)

# Of encoder/h264-kinds.c, and what was weighed.  name: (VBV_MS, OPTIONS)
BUFFERS = {
    "200 ms": (200, "-"),
    "200 ms, strict": (200, "ratetol=0.1"),
    "166 ms": (166, "-"),
    "100 ms": (100, "-"),
}


def measure(arguments, scene, vbv_ms, loss, answer, wave, keys, options):
    words = (scene, 1280, 720, 30, KBPS, vbv_ms, loss, round(arguments.seconds), answer, wave, keys, options)
    line = subprocess.run([tool(arguments, "bench-recovery"), *map(str, words)], check=True,
                          capture_output=True, text=True).stdout.split()
    values = dict(zip(line[::2], line[1::2]))
    return {name: float(value) for name, value in values.items() if name not in ("of", "lost")}


def lossy(arguments, loss):
    rows, results = [], []
    for scene in SCENES:
        for name, (answer, wave, vbv_ms) in ANSWERS.items():
            arguments.say(f"{scene}, {loss} % lost: {name}")
            one = measure(arguments, scene, vbv_ms, loss, answer, wave, 0, "-")
            rows.append([scene, name, one["kbps"], one["db_unharmed"], one["db"], one["db_p5"],
                         100 * one["whole"], one["broken_ms"], one["missing_ms"], one["largest_ms"]])
            results.append(dict(scene=scene, loss_percent=loss, answer=name, **one))
    figures.table(f"{loss} % of the datagrams lost, {KBPS} kbit/s",
                  ["scene", "answer", "kbit/s", "dB sent", "dB shown", "p5", "whole %", "broken ms",
                   "frozen ms", "largest ms"], rows)
    return results


def keys(arguments):
    rows, results = [], []
    for scene in (*SCENES, "scroll"):
        for name, (vbv_ms, options) in BUFFERS.items():
            arguments.say(f"{scene}, a key frame a second: {name}")
            one = measure(arguments, scene, vbv_ms, 0, "none", 0, 30, options)
            rows.append([scene, name, one["kbps"], one["db"], one["db_p5"], one["key_p50_ms"],
                         one["key_max_ms"], one["largest_ms"], one["buffer_ms"]])
            results.append(dict(scene=scene, buffer=name, **one))
    figures.table(f"a key frame a second, {KBPS} kbit/s: sizes in ms of the rate",
                  ["scene", "buffer", "kbit/s", "dB", "p5", "key p50", "key max", "largest", "in a decoder"],
                  rows)
    return results


def recovery(arguments):
    results = []
    for loss in LOSSES:
        results += lossy(arguments, loss)
    return results + keys(arguments)

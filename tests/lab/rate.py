#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rate test: a whole session whose media pass a link that follows a script, with what the source
sent, what came through and how old each picture was.  Usage: rate.py MIRACAST [--plots DIR] [--json FILE]
"""

import argparse
import csv
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import plot  # noqa: E402
import relay  # noqa: E402

WINDOW_S = 0.5
CALM_S = 2.0  # after a step all is as it shall be

AAC = ("--set", "wfd2_audio_codecs=AAC 00000001 00")  # LPCM alone takes more than the link has then
# What a sink tells of the stream, by its options.
REPORTS = ("--profile", "windows-r2", "--report-interval", "0.1", "--recover")
SELDOM = ("--profile", "windows-r2", "--report-interval", "1", "--recover", *AAC)
NACKS = (*REPORTS, "--nack", "--count", "first", *AAC)
ASKS = ("--profile", "default", "--set", "wfd_audio_codecs=AAC 00000001 00", "--recover")
SILENT = ASKS[:-1]

# name: (script, seconds, options of the source, more options of the sink[, what it tells])
SCENARIOS = {
    "halve": ("0:rate=10000;queue=200,6:rate=5000,14:rate=10000", 24, ("--bitrate", "8000"), ()),
    "collapse": ("0:rate=10000;queue=200,5:rate=1500,15:rate=10000", 32, ("--bitrate", "8000"), AAC),
    "trickle": ("0:rate=10000;queue=200,5:rate=500,15:rate=10000", 32, ("--bitrate", "8000"), AAC),
    "start": ("0:rate=3000;queue=200", 12, ("--bitrate", "8000"), AAC),
    "loss": ("0:rate=20000;loss=2", 20, ("--bitrate", "4000"), ()),
    "loss-seldom": ("0:rate=20000;loss=2", 45, ("--bitrate", "4000"), (), SELDOM),
    "loss-nacks": ("0:rate=20000;loss=2", 45, ("--bitrate", "4000"), (), NACKS),
    "loss-asks": ("0:rate=20000;loss=2", 45, ("--bitrate", "4000"), (), ASKS),
    "loss-silent": ("0:rate=20000;loss=2", 45, ("--bitrate", "4000"), (), SILENT),
    "delay": ("0:rate=20000;delay=5,5:delay=80,13:delay=200,21:delay=5", 26, ("--bitrate", "4000"), ()),
    "jitter": ("0:rate=20000;delay=10;jitter=30", 10, ("--bitrate", "4000"), ()),
}


def free_pair():
    """An even port that was free a moment ago, and its neighbour."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                if port % 2 == 0:
                    two.bind(("127.0.0.1", port + 1))
                    return port
            except OSError:
                pass


def wait_port(source):
    for line in source.stderr:
        found = re.search(r"listening on \S+:(\d+)", line)
        if found:
            return int(found.group(1))
    raise RuntimeError("the source did not listen")


def project(miracast, script, seconds, options, folder, live=True, sink_options=(), tells=REPORTS):
    """(series of the relay, pictures, the sink's report, the source's lines)."""
    receive = free_pair()
    link = relay.Relay(("127.0.0.1", receive), relay.parse_script(script))
    source = subprocess.Popen(
        [miracast, "cast", "--quiet", "--listen", "127.0.0.1:0", "--capture", "test:noise",
         "--fps", "30", *options], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "XDG_STATE_HOME": str(folder)})
    try:
        port = wait_port(source)
        link.start()
        report, frames = folder / "report.json", folder / "frames.csv"
        sink = subprocess.run(
            [sys.executable, str(HERE / "sink"), "--connect", f"127.0.0.1:{port}", "--announce",
             str(link.port), "--receive", str(receive), "--duration", str(seconds), "--report",
             str(report), "--frames", str(frames), *tells, *sink_options,
             *(() if live else ("--no-decode",))],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 120)
        if not report.exists():
            raise RuntimeError(f"no report: {sink.stderr}")
        lines = source.communicate(timeout=60)[1].splitlines()
    finally:
        source.kill()
        source.wait()
        link.stop()
    with open(frames, encoding="ascii") as rows:
        pictures = [{name: float(value) for name, value in row.items()}
                    for row in csv.DictReader(rows)]
    for picture in pictures:
        picture["t_s"] = picture["arrived_s"] - link.start_t
    return link.series(), pictures, json.loads(report.read_text(encoding="utf-8")), lines


def mean(series, start, end):
    values = [sent for at, sent, _, _ in series if start <= at < end]
    return sum(values) / len(values) if values else 0.0


def settle_ms(series, start, kbps):
    """From start until no half second that begins before all shall be calm has more than kbps."""
    slots = [at for at, _, _, _ in series if start <= at < start + CALM_S]
    above = [at for at in slots if mean(series, at, at + WINDOW_S) > kbps]
    if not slots or above and above[-1] == slots[-1]:
        return None
    return round((above[-1] + relay.SLOT_S - start) * 1e3) if above else 0


def back_after_s(series, start, end, kbps):
    for at, _, _, _ in series:
        if start <= at <= end - 1 and mean(series, at, at + 1) >= kbps:
            return round(at - start, 2)
    return None


def are_intact(pictures):
    """Of each: it is as it was sent, and so are all that it refers to."""
    intact = False
    for picture in pictures:
        intact = (intact or bool(picture["idr"])) and not picture["holed"]
        yield intact


def longest_ms(pictures):
    """The longest time between two pictures by their own stamps: of those of which anything came, and of
    those that a decoder shows as they are."""
    came = whole = None
    longest = [0.0, 0.0]
    for picture, intact in zip(pictures, are_intact(pictures)):
        pts = picture["pts_90k"]
        for index, last in enumerate((came, whole if intact else None)):
            if last is not None:
                longest[index] = max(longest[index], (pts - last) / 90)
        came, whole = pts, pts if intact or whole is None else whole
    return [round(value) for value in longest]


def answers_ms(pictures):
    """By stamps, from each first picture with a hole to the next key frame."""
    taken, since = [], None
    for picture in pictures:
        if picture["idr"] and since is not None:
            taken.append(round((picture["pts_90k"] - since) / 90))
            since = None
        if picture["holed"] and since is None:
            since = picture["pts_90k"]
    return taken


def judge(script, seconds, series, pictures, report):
    """Figures of each step down and up; ages in the steps' calm parts."""
    steps = relay.parse_script(script)
    rates = [(at, values["rate"]) for at, values in steps if values.get("rate")]
    result = {"lost": sum(row[3] for row in series), "pictures": len(pictures),
              "longest_freeze_ms": report["longest_freeze_ms"],
              "idr_frames": report["video"]["idr_frames"],
              "least_sent_kbps": round(min((mean(series, at, at + 1) for at, _, _, _ in series
                                            if CALM_S <= at <= seconds - 1), default=0)), "steps": []}
    result["longest_gap_ms"], result["longest_not_whole_ms"] = longest_ms(pictures)
    result["intact_percent"] = round(100 * sum(are_intact(pictures)) / max(len(pictures), 1))
    result["oldest_at_start_ms"] = max((p["age_ms"] for p in pictures if p["t_s"] < CALM_S), default=None)
    result["first_whole_after_ms"] = next((round(p["t_s"] * 1e3) for p, intact in zip(
        pictures, are_intact(pictures)) if intact), None)
    keys = [picture for picture in pictures if picture["idr"]]
    result["key_frames_holed"] = round(sum(picture["holed"] for picture in keys))
    result["twice"] = report["rtp"]["duplicates"]
    result["slowest_answer_ms"] = max(answers_ms(pictures), default=None)
    for index, (at, kbps) in enumerate(rates):
        end = rates[index + 1][0] if index + 1 < len(rates) else seconds
        calm = [p["age_ms"] for p in pictures if at + CALM_S <= p["t_s"] < end]
        step = {"at_s": at, "link_kbps": kbps, "oldest_after_2s_ms": max(calm, default=None),
                "sent_kbps": round(mean(series, at + CALM_S, end))}
        if index and kbps < rates[index - 1][1]:
            step["below_after_ms"] = settle_ms(series, at, kbps)
        elif index:
            before = mean(series, rates[index - 2][0] + CALM_S, rates[index - 1][0])
            step["back_after_s"] = back_after_s(series, at, end, 0.9 * before)
        result["steps"].append(step)
    return result


def draw(path, script, seconds, series, pictures):
    steps = [(at, values["rate"]) for at, values in relay.parse_script(script) if "rate" in values]
    link = []
    for index, (at, kbps) in enumerate(steps):
        link += [(at, kbps), (steps[index + 1][0] if index + 1 < len(steps) else seconds, kbps)]
    smooth = [(at, mean(series, at, at + 0.2)) for at, _, _, _ in series]
    plot.draw(path, [
        ("kbit/s", [("sent", smooth), ("link", link)]),
        ("age of a picture in ms", [("age", [(p["t_s"], p["age_ms"]) for p in pictures])]),
        ("lost datagrams in 50 ms", [("lost", [(row[0], row[3]) for row in series])])])


def run(miracast, name, plots=None, live=True):
    script, seconds, options, *sink = SCENARIOS[name]
    with tempfile.TemporaryDirectory(prefix="miracast-rate-") as folder:
        series, pictures, report, lines = project(miracast, script, seconds, options,
                                                  pathlib.Path(folder), live, *sink)
    result = dict(scenario=name, **judge(script, seconds, series, pictures, report))
    result["told"] = [line for line in lines if re.search(" (rate|mode) ", line)]
    if plots:
        plots.mkdir(parents=True, exist_ok=True)
        draw(plots / f"rate-{name}.png", script, seconds, series, pictures)
    return result


def show(result):
    print(f"{result['scenario']}: {result['pictures']} pictures, longest freeze "
          f"{result['longest_freeze_ms']} ms, {result['lost']} datagrams lost, "
          f"{result['idr_frames']} IDR, at least {result['least_sent_kbps']} kbit/s sent")
    print(f"  by stamps: at most {result['longest_gap_ms']} ms without a picture, "
          f"{result['longest_not_whole_ms']} ms without a whole one, "
          f"{result['slowest_answer_ms']} ms from a hole to a key frame")
    print(f"  the first whole picture {result['first_whole_after_ms']} ms after the first datagram, the oldest in "
          f"the first {CALM_S:g} s {result['oldest_at_start_ms']:.0f} ms old")
    print(f"  {result['intact_percent']} of 100 pictures whole with all that they refer to, "
          f"{result['key_frames_holed']} key frames with a hole, {result['twice']} datagrams came twice")
    for step in result["steps"]:
        words = [f"  from {step['at_s']:g} s: link {step['link_kbps']:.0f} kbit/s, sent "
                 f"{step['sent_kbps']}, oldest picture after 2 s {step['oldest_after_2s_ms']} ms"]
        if "below_after_ms" in step:
            words.append(f"below the link's rate after {step['below_after_ms']} ms")
        if "back_after_s" in step:
            words.append(f"back after {step['back_after_s']} s")
        print("; ".join(words))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("miracast")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--plots", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--no-decode", action="store_true")
    options = parser.parse_args()
    results = []
    for name in options.scenarios or SCENARIOS:
        results.append(run(options.miracast, name, options.plots, not options.no_decode))
        show(results[-1])
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({"results": results}, out, indent=1)


if __name__ == "__main__":
    main()
